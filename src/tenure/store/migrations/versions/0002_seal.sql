-- The chain of seals over the audit trail, and the checkpoints that were signed.

-- A block covers the entries of one epoch up to the position (xid, id); `leaves` are their numbers and digests, 40
-- bytes each. An epoch begins with an empty block and has the entries from number `first` on; `top` is the highest
-- number sealed so far, in all epochs, and `total` how many entries.
CREATE TABLE seal (
    block bigint PRIMARY KEY CHECK (block > 0),
    epoch integer NOT NULL,
    first bigint NOT NULL,
    prev bytea NOT NULL,
    hash bytea NOT NULL,
    xid xid8 NOT NULL,
    id bigint NOT NULL,
    top bigint NOT NULL,
    n integer NOT NULL,
    total bigint NOT NULL,
    leaves bytea NOT NULL,
    sealed_at timestamptz NOT NULL
);
ALTER TABLE seal ALTER COLUMN leaves SET STORAGE EXTERNAL; -- digests do not compress
CREATE INDEX seal_time ON seal (sealed_at);
CREATE INDEX seal_opening ON seal (block) WHERE n = 0;
CREATE INDEX audit_redaction ON audit (subject, id) WHERE action = 'person.redacted';

CREATE TABLE audit_key (
    id text COLLATE "C" PRIMARY KEY,
    public text NOT NULL,
    since timestamptz NOT NULL
);

CREATE TABLE checkpoint (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    installation uuid NOT NULL,
    epoch integer NOT NULL,
    block bigint NOT NULL,
    count bigint NOT NULL,
    hash bytea NOT NULL,
    at timestamptz NOT NULL,
    key text COLLATE "C" NOT NULL REFERENCES audit_key,
    signature bytea NOT NULL
);

-- What a trigger can do: it stops mistakes, and whoever is not the owner of the tables. The chain shows the rest.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is insert-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

-- Personal values go only with an entry, written in the same transaction, that says so. The transaction names it.
CREATE FUNCTION refuse_unless_redacted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM audit r JOIN audit a ON a.subject = r.subject
        WHERE r.id = nullif(current_setting('tenure.redaction', true), '')::bigint
        AND r.action = 'person.redacted' AND r.xid = pg_current_xact_id() AND a.id = OLD.audit AND a.id < r.id
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_personal is insert-only: DELETE is refused, except by tenure audit redact'
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_stays BEFORE TRUNCATE ON audit EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seal_keeps BEFORE UPDATE OR DELETE ON seal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seal_stays BEFORE TRUNCATE ON seal EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_keeps BEFORE UPDATE OR DELETE ON checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_stays BEFORE TRUNCATE ON checkpoint EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_key_keeps BEFORE UPDATE OR DELETE ON audit_key FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_key_stays BEFORE TRUNCATE ON audit_key EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_personal_keeps BEFORE UPDATE ON audit_personal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_personal_goes BEFORE DELETE ON audit_personal
    FOR EACH ROW EXECUTE FUNCTION refuse_unless_redacted();
CREATE TRIGGER audit_personal_stays BEFORE TRUNCATE ON audit_personal EXECUTE FUNCTION refuse_change();
