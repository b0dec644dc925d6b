-- What each group opens, as far as the application tells; `rights_at` is when a whole reading of that last covered the
-- group: without it, no row means that nobody looked.
CREATE TABLE seen_right (
    target smallint NOT NULL REFERENCES target,
    canon text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    what text NOT NULL,
    level text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (target, canon, kind, what, level)
);
ALTER TABLE seen_group ADD COLUMN rights_at timestamptz;
-- What a seat of the target's licences costs, where the estate says so.
ALTER TABLE target ADD COLUMN seat_price float8;
