-- Several tokens a source, with an end; what a source was last heard to say.

ALTER TABLE source
    ADD COLUMN heartbeat interval,
    ADD COLUMN last_heard_at timestamptz,
    ADD COLUMN refused_at timestamptz,
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN confirmed_by text;
UPDATE source SET last_heard_at = a.at
FROM (SELECT source, max(at) AS at FROM audit WHERE source IS NOT NULL GROUP BY source) a WHERE a.source = source.id;

-- The tokens of the estate come and go with it; those of `command` are made, ended and revoked one by one.
ALTER TABLE source_token
    ADD COLUMN name text COLLATE "C",
    ADD COLUMN origin text NOT NULL DEFAULT 'estate' CHECK (origin IN ('estate', 'command')),
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN last_used_at timestamptz;
UPDATE source_token SET name = 'estate-' || n.n
FROM (SELECT source, hash, row_number() OVER (PARTITION BY source ORDER BY since, hash) AS n FROM source_token) n
WHERE n.source = source_token.source AND n.hash = source_token.hash;
ALTER TABLE source_token ALTER COLUMN name SET NOT NULL, ALTER COLUMN origin DROP DEFAULT;
CREATE UNIQUE INDEX source_token_name ON source_token (source, name) WHERE origin = 'command';

-- What was answered lately, for the numbers that are watched.
CREATE INDEX journal_answered ON journal (answered_at);
