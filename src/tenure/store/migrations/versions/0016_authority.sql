-- The target that makes, changes and closes the accounts of this one; NULL: it does so itself.
ALTER TABLE target ADD COLUMN authority smallint REFERENCES target;
-- What is done at the authority and was not seen here yet: since when, and when somebody looks again.
CREATE TABLE awaited (
    target smallint NOT NULL REFERENCES target,
    subject text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    look_at timestamptz NOT NULL,
    why text NOT NULL,
    PRIMARY KEY (target, subject)
);
CREATE INDEX awaited_look ON awaited (target, look_at);
