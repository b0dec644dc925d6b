-- Plans with a rename, by what they wait for: few, and asked for in each pass. Without a list of what is still to be
-- sorted in, which each question would read.
CREATE INDEX plan_rename_waits ON plan USING gin (waits_on) WITH (fastupdate = off)
    WHERE current AND waiting AND verdicts->'verdicts' @> '[{"change": {"kind": "rename-account"}}]';
