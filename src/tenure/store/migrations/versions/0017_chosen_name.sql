-- Who has which account name at a target for as long as the computed one (`base`, canonical) stays the same. `rule` is
-- empty where it is the computed one itself, which several wanted. A name is one identity's.
CREATE TABLE chosen_name (
    target smallint NOT NULL REFERENCES target,
    identity uuid NOT NULL REFERENCES identity,
    base text COLLATE "C" NOT NULL,
    name text NOT NULL,
    canon text COLLATE "C" NOT NULL,
    rule text NOT NULL,
    taken_by text NOT NULL,
    chosen_at timestamptz NOT NULL,
    PRIMARY KEY (target, identity),
    UNIQUE (target, canon)
);
CREATE INDEX chosen_name_base ON chosen_name (target, base);
