-- `task` is what the application calls the task that will do a change; the entry is pending until it is known how that ended.
ALTER TABLE journal ADD COLUMN task text;
CREATE INDEX journal_promised ON journal (target, subject) WHERE outcome = 'pending';
CREATE INDEX journal_task ON journal (target, subject, id) WHERE task IS NOT NULL;
