-- The seats of each licence as last read, and who waits for one.
CREATE TABLE seat (
    target smallint NOT NULL REFERENCES target,
    licence text NOT NULL,
    total integer,
    used integer,
    groups text[] NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (target, licence)
);
CREATE TABLE seat_queue (
    target smallint NOT NULL,
    licence text NOT NULL,
    subject text NOT NULL,
    first boolean NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (target, subject, licence),
    FOREIGN KEY (target, licence) REFERENCES seat ON DELETE CASCADE
);
CREATE INDEX seat_queue_order ON seat_queue (target, licence, first DESC, since, subject);
-- How long after somebody left an open account raises an alarm.
ALTER TABLE target ADD COLUMN leaver_deadline interval NOT NULL DEFAULT '15 minutes';
-- What a group of a source was called when a group of the target was made or taken over for it.
ALTER TABLE target_group ADD COLUMN source_name text;
CREATE INDEX target_group_source ON target_group (source_group);
UPDATE target_group t SET source_name = g.display_name FROM source_group g WHERE g.id = t.source_group;
-- When somebody last signed in with an account, where the application tells.
ALTER TABLE seen_account ADD COLUMN last_used timestamptz;
-- An intent that was carried out before a reading began is in its numbers.
ALTER TABLE gate_use ADD COLUMN settled_at timestamptz;
