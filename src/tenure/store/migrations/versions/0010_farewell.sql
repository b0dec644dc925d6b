-- When a person left, so that the later steps of a farewell come so long after.
ALTER TABLE identity ADD COLUMN left_at timestamptz;
UPDATE identity SET left_at = coalesce(gone_at, modified_at) WHERE gone_at IS NOT NULL OR NOT active;
