-- What the readings of a source that we read came to, a row a source; the counts are those of the last one believed.
CREATE TABLE pull (
    source smallint PRIMARY KEY REFERENCES source,
    read_at timestamptz NOT NULL,
    problem text,
    whole_at timestamptz,
    people integer,
    groups integer,
    memberships integer
);

-- False for a source that we read: nobody signs in for it, and a whole reading needs no confirmation.
ALTER TABLE source ADD COLUMN pushes boolean NOT NULL DEFAULT true;

-- Who was not in the last whole reading of their source, people and groups: in the next they are gone.
CREATE TABLE missed (
    id uuid PRIMARY KEY,
    source smallint NOT NULL REFERENCES source,
    since timestamptz NOT NULL
);
CREATE INDEX missed_source ON missed (source);
