-- The chain of seals over the audit trail, and the checkpoints that were signed.

SELECT 1;
