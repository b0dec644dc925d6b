-- When a person left, so that the later steps of a farewell come so long after.
ALTER TABLE identity ADD COLUMN left_at timestamptz;
UPDATE identity SET left_at = coalesce(gone_at, modified_at) WHERE gone_at IS NOT NULL OR NOT active;
-- What was done for somebody since they left is looked up by kind.
CREATE INDEX journal_farewell ON journal (target, subject)
WHERE change->>'kind' IN ('hand-over-leads', 'revoke-permissions', 'end-sessions', 'revoke-tokens', 'anonymize-account',
                          'delete-account');
