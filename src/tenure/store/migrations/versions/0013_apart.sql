-- Why an account is never matched to anybody: it is anonymized, shadowed by another directory, or a customer's.
ALTER TABLE seen_account ADD COLUMN apart text;
