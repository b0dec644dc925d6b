-- A certification is written down with the names that it will use before anything is sent; `cleared_at` is when it was
-- seen that nothing of those names is left there.
CREATE TABLE certification (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target smallint NOT NULL REFERENCES target,
    began_at timestamptz NOT NULL,
    began_by text NOT NULL,
    mode text NOT NULL,
    url text NOT NULL,
    server_id text,
    version text,
    account text,
    account_key text,
    group_name text,
    cleared_at timestamptz,
    ended_at timestamptz,
    verdict text,
    why text,
    remains text[] NOT NULL DEFAULT '{}',
    steps jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX certification_newest ON certification (target, id DESC);
