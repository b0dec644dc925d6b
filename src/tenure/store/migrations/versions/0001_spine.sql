-- The tables of the spine. Names that compare by code point carry COLLATE "C"; canonical forms are made in Python.

CREATE TABLE installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    id uuid NOT NULL,
    console_token_hash bytea NOT NULL,
    made_at timestamptz NOT NULL
);

CREATE TABLE estate_revision (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document text NOT NULL,
    digest bytea NOT NULL,
    activated_by text NOT NULL,
    activated_at timestamptz NOT NULL
);

CREATE TABLE source (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    kind text NOT NULL,
    made_at timestamptz NOT NULL,
    retired_at timestamptz
);

CREATE TABLE source_token (
    source smallint NOT NULL REFERENCES source,
    hash bytea NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (source, hash)
);

CREATE TABLE target (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    kind text NOT NULL,
    mode text NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'stopped')),
    stop_reason text,
    probe_at timestamptz,
    account text,
    server_id text,
    version text,
    checked_at timestamptz,
    tokens double precision NOT NULL DEFAULT 0,
    tokens_at timestamptz,
    made_at timestamptz NOT NULL,
    retired_at timestamptz
);

-- Who the sources say there is -------------------------------------------------------------------------------------

CREATE TABLE identity (
    id uuid PRIMARY KEY,
    source smallint NOT NULL REFERENCES source,
    user_name text NOT NULL,
    user_name_canon text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    active boolean NOT NULL,
    display_name text,
    doc jsonb NOT NULL,
    doc_canon jsonb NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    modified_at timestamptz NOT NULL,
    gone_at timestamptz
);
CREATE UNIQUE INDEX identity_user_name ON identity (source, user_name_canon) WHERE gone_at IS NULL;
CREATE INDEX identity_external_id ON identity (source, external_id);
CREATE INDEX identity_page ON identity (source, created_at, id) WHERE gone_at IS NULL;
CREATE INDEX identity_doc ON identity USING gin (doc_canon jsonb_path_ops) WHERE gone_at IS NULL;

CREATE TABLE source_group (
    id uuid PRIMARY KEY,
    source smallint NOT NULL REFERENCES source,
    display_name text NOT NULL,
    display_name_canon text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    doc jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    gone_at timestamptz
);
CREATE INDEX source_group_name ON source_group (source, display_name_canon) WHERE gone_at IS NULL;
CREATE INDEX source_group_external_id ON source_group (source, external_id);
CREATE INDEX source_group_page ON source_group (source, created_at, id) WHERE gone_at IS NULL;

-- One row for a group's version would queue all its writers; 32 slots do not: version = sum(n), modified = max.
CREATE TABLE group_version (
    source_group uuid NOT NULL REFERENCES source_group ON DELETE CASCADE,
    slot smallint NOT NULL,
    n bigint NOT NULL,
    modified_at timestamptz NOT NULL,
    PRIMARY KEY (source_group, slot)
);

CREATE TABLE member (
    source_group uuid NOT NULL REFERENCES source_group ON DELETE CASCADE,
    identity uuid NOT NULL REFERENCES identity ON DELETE CASCADE,
    since timestamptz NOT NULL,
    PRIMARY KEY (source_group, identity)
);
CREATE INDEX member_identity ON member (identity, source_group);

-- What is to be looked at ------------------------------------------------------------------------------------------

CREATE TABLE due (
    target smallint NOT NULL REFERENCES target,
    subject text COLLATE "C" NOT NULL,
    shard smallint NOT NULL,
    prio smallint NOT NULL,
    seq bigint NOT NULL,
    not_before timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    cause bigint,
    PRIMARY KEY (target, subject)
);
CREATE INDEX due_drain ON due (target, shard, prio, seq);
CREATE SEQUENCE due_seq;

CREATE TABLE shard (
    target smallint NOT NULL REFERENCES target,
    shard smallint NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (target, shard)
);

-- What the rules say, and what the readings found --------------------------------------------------------------------

CREATE TABLE desired (
    target smallint NOT NULL REFERENCES target,
    identity uuid NOT NULL REFERENCES identity,
    input_hash bytea NOT NULL,
    revision integer NOT NULL,
    username_canon text COLLATE "C",
    cells jsonb NOT NULL,
    look_again_at timestamptz,
    PRIMARY KEY (target, identity)
);
CREATE INDEX desired_username ON desired (target, username_canon);
CREATE INDEX desired_look_again ON desired (look_again_at) WHERE look_again_at IS NOT NULL;

CREATE TABLE reading (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target smallint NOT NULL REFERENCES target,
    population text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    complete boolean NOT NULL DEFAULT false,
    count integer,
    proof jsonb,
    problem text
);
CREATE INDEX reading_last ON reading (target, population, id DESC);

CREATE TABLE seen_account (
    target smallint NOT NULL REFERENCES target,
    key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    active boolean NOT NULL,
    fields jsonb NOT NULL,
    canon jsonb NOT NULL,
    authority text NOT NULL,
    writable boolean NOT NULL,
    groups_known boolean NOT NULL DEFAULT false,
    reading bigint,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (target, key)
);
CREATE INDEX seen_account_canon ON seen_account USING gin (canon jsonb_path_ops);

CREATE TABLE seen_group (
    target smallint NOT NULL REFERENCES target,
    canon text COLLATE "C" NOT NULL,
    name text NOT NULL,
    gives text[] NOT NULL DEFAULT '{}',
    reading bigint,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (target, canon)
);

CREATE TABLE seen_member (
    target smallint NOT NULL REFERENCES target,
    canon text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    direct boolean NOT NULL DEFAULT true,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (target, canon, key)
);
CREATE INDEX seen_member_key ON seen_member (target, key);

-- What is in our care ------------------------------------------------------------------------------------------------

CREATE TABLE link (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target smallint NOT NULL REFERENCES target,
    key text COLLATE "C" NOT NULL,
    identity uuid NOT NULL REFERENCES identity,
    evidence text NOT NULL,
    adopted boolean NOT NULL,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_cause text
);
CREATE UNIQUE INDEX link_account ON link (target, key) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX link_identity ON link (target, identity) WHERE ended_at IS NULL;

CREATE TABLE target_group (
    target smallint NOT NULL REFERENCES target,
    canon text COLLATE "C" NOT NULL,
    seen_name text NOT NULL,
    source_group uuid REFERENCES source_group,
    origin text NOT NULL CHECK (origin IN ('made', 'adopted', 'foreign')),
    since timestamptz NOT NULL,
    PRIMARY KEY (target, canon)
);

CREATE TABLE given_member (
    target smallint NOT NULL REFERENCES target,
    key text COLLATE "C" NOT NULL,
    canon text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (target, key, canon)
);

CREATE TABLE echo (
    target smallint NOT NULL REFERENCES target,
    key text COLLATE "C" NOT NULL,
    field text NOT NULL,
    sent_hash bytea NOT NULL,
    seen text,
    at timestamptz NOT NULL,
    PRIMARY KEY (target, key, field)
);

-- What is planned, sent and done -------------------------------------------------------------------------------------

CREATE TABLE plan (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target smallint NOT NULL REFERENCES target,
    subject text COLLATE "C" NOT NULL,
    revision integer NOT NULL,
    cause bigint,
    situation text NOT NULL,
    verdicts jsonb NOT NULL,
    digest bytea NOT NULL,
    waiting boolean NOT NULL,
    waits_on text[] NOT NULL DEFAULT '{}',
    made_at timestamptz NOT NULL,
    current boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX plan_current ON plan (target, subject) WHERE current;
CREATE INDEX plan_waiting ON plan (target, id) WHERE current AND waiting;
CREATE INDEX plan_waits_on ON plan USING gin (waits_on) WHERE current AND waiting;

CREATE TABLE intent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan bigint NOT NULL REFERENCES plan,
    target smallint NOT NULL REFERENCES target,
    subject text COLLATE "C" NOT NULL,
    key text COLLATE "C",
    change jsonb NOT NULL,
    before jsonb NOT NULL,
    absence_proof timestamptz,
    deadline timestamptz NOT NULL,
    shard smallint NOT NULL,
    epoch bigint NOT NULL,
    revision integer NOT NULL,
    cause bigint,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled')),
    made_at timestamptz NOT NULL
);
CREATE INDEX intent_open ON intent (target, shard, id) WHERE state = 'open';

CREATE TABLE journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    intent bigint NOT NULL REFERENCES intent,
    plan bigint NOT NULL REFERENCES plan,
    target smallint NOT NULL REFERENCES target,
    subject text COLLATE "C" NOT NULL,
    key text COLLATE "C",
    change jsonb NOT NULL,
    before jsonb NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('applied', 'already', 'pending', 'failed', 'unknown')),
    shown jsonb NOT NULL,
    detail text NOT NULL,
    evidence text CHECK (evidence IN ('body', 're-read', 'snapshot', 'record')),
    cause bigint,
    answered_at timestamptz NOT NULL,
    seen_at timestamptz
);
CREATE INDEX journal_subject ON journal (target, subject, id);
CREATE INDEX journal_target ON journal (target, id);
CREATE INDEX journal_unseen ON journal (target, id) WHERE evidence IS NULL AND outcome IN ('applied', 'already');

-- What happened, and why ---------------------------------------------------------------------------------------------

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    source smallint REFERENCES source,
    target smallint REFERENCES target,
    subject text COLLATE "C",
    cause bigint,
    facts jsonb NOT NULL DEFAULT '{}',
    commitment bytea
);
CREATE INDEX audit_subject ON audit (subject, id);
CREATE INDEX audit_order ON audit (xid, id);
CREATE INDEX audit_source ON audit (source, id) WHERE source IS NOT NULL;

-- Personal values stand apart: the audit row holds sha256(salt || fields), so that a person can be redacted.
CREATE TABLE audit_personal (
    audit bigint PRIMARY KEY REFERENCES audit,
    salt bytea NOT NULL,
    fields text NOT NULL
);
