-- reached: the account was as these cells ask, and they have not changed since
ALTER TABLE desired ADD COLUMN reached boolean NOT NULL DEFAULT false;
