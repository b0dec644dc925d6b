-- Credentials of three kinds: bearer tokens, OAuth clients, and user names with a password.

-- `login` is the client id or the user name. `hash` binds kind, login and secret; of a client it is a public key.
ALTER TABLE source_token
    ADD COLUMN kind text NOT NULL DEFAULT 'token' CHECK (kind IN ('token', 'client', 'basic')),
    ADD COLUMN login text COLLATE "C" NOT NULL DEFAULT '';
