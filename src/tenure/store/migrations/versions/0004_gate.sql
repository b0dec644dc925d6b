-- Gates, what they hold, what went through them; vetoes; what people decided beforehand.

-- What a person decided: approve, reject, release, undo, leave, expect, freeze, unfreeze, believe.
CREATE TABLE decision (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    target smallint REFERENCES target,
    class text COLLATE "C",
    revision bigint,
    by_whom text NOT NULL,
    reason text,
    ticket text,
    people integer NOT NULL DEFAULT 0,
    audit bigint NOT NULL REFERENCES audit,
    at timestamptz NOT NULL
);

-- A gate that filled is a latch: it opens by a decision about what it holds, never by the window that slides on.
CREATE TABLE gate (
    target smallint NOT NULL REFERENCES target,
    class text COLLATE "C" NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'filled')),
    revision bigint NOT NULL DEFAULT 0,
    filled_at timestamptz,
    reason text,
    PRIMARY KEY (target, class)
);

-- The held plan of a gate, a leaf a person: the gate's revision grows with each newcomer and each leaf that changed.
CREATE TABLE held (
    target smallint NOT NULL REFERENCES target,
    class text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    plan bigint REFERENCES plan,
    changes jsonb NOT NULL,
    inverses jsonb NOT NULL,
    digests text[] NOT NULL,
    reason text NOT NULL,
    revision bigint NOT NULL,
    cause bigint,
    since timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'approved')),
    decision bigint REFERENCES decision,
    PRIMARY KEY (target, class, subject)
);
CREATE INDEX held_subject ON held (target, subject);

-- Who passed a gate, and by which intent; what a person approved does not fill the window.
CREATE TABLE gate_use (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target smallint NOT NULL REFERENCES target,
    class text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    intent bigint NOT NULL REFERENCES intent,
    at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'reserved' CHECK (state IN ('reserved', 'applied', 'released')),
    approved boolean NOT NULL DEFAULT false
);
CREATE INDEX gate_use_window ON gate_use (target, class, at) WHERE state <> 'released' AND NOT approved;
CREATE INDEX gate_use_intent ON gate_use (intent);

CREATE TABLE veto (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target smallint NOT NULL REFERENCES target,
    identity uuid NOT NULL REFERENCES identity,
    cell text COLLATE "C" NOT NULL,
    refused bytea NOT NULL,
    restores boolean NOT NULL DEFAULT false,
    keep text,
    decision bigint NOT NULL REFERENCES decision,
    expires_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_cause text
);
CREATE UNIQUE INDEX veto_cell ON veto (target, identity, cell) WHERE ended_at IS NULL;

-- What a person said beforehand of one identity: closed everywhere (leave), expected to leave, or whose account it is.
CREATE TABLE clearance (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('leave', 'expected', 'account')),
    identity uuid NOT NULL REFERENCES identity,
    target smallint REFERENCES target,
    account text COLLATE "C",
    decision bigint NOT NULL REFERENCES decision,
    until timestamptz,
    made_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX clearance_identity ON clearance (identity) WHERE ended_at IS NULL;

-- What undoing an entry means, cell by cell, or why it cannot be: computed when it was written.
ALTER TABLE journal ADD COLUMN inverses jsonb NOT NULL DEFAULT '[]', ADD COLUMN cannot_undo text;
ALTER TABLE target
    ADD COLUMN approve_by_another boolean NOT NULL DEFAULT false,
    ADD COLUMN approve_with_ticket boolean NOT NULL DEFAULT false,
    ADD COLUMN pinned_url text,
    ADD COLUMN pinned_server_id text,
    ADD COLUMN caution text,
    ADD COLUMN frozen_at timestamptz,
    ADD COLUMN frozen_by text,
    ADD COLUMN active_linked integer;
-- The source's own identifier of the person when the account was linked: another one may be another person.
ALTER TABLE link ADD COLUMN external_id text COLLATE "C";
ALTER TABLE desired ADD COLUMN email_canon text COLLATE "C";
CREATE INDEX desired_email ON desired (target, email_canon);
CREATE INDEX desired_display_name ON desired (target, (cells->'fields'->>'display_name'));
