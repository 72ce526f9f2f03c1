-- People: who may act (user_account), how they are recognised (session, api_token), and what they did (audit).
-- Forward only: a mistake here is mended by a later file.

CREATE TABLE user_account (
    id            uuid PRIMARY KEY,
    username      text NOT NULL UNIQUE
                  CHECK (username ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    role          text NOT NULL CHECK (role IN ('viewer', 'operator', 'approver', 'admin')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz CHECK (disabled_at >= created_at)
);
COMMENT ON TABLE  user_account IS 'People who may sign in. Rows are disabled, never deleted: the record names them.';
COMMENT ON COLUMN user_account.id IS 'UUIDv7.';
COMMENT ON COLUMN user_account.username IS 'Sign-in name; lower case, so that two spellings are one person.';
COMMENT ON COLUMN user_account.password_hash IS 'Argon2id, PHC string. Never leaves the server.';
COMMENT ON COLUMN user_account.role IS 'viewer < operator < approver < admin; read again at every request.';
COMMENT ON COLUMN user_account.disabled_at IS 'From here on neither sessions nor tokens of this user are accepted.';

CREATE TABLE session (
    id_hash      bytea PRIMARY KEY CHECK (octet_length(id_hash) = 32),
    user_id      uuid NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    data         jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    ip           text,
    user_agent   text CHECK (length(user_agent) <= 400),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL CHECK (expires_at > created_at)
);
CREATE INDEX session_user_id ON session (user_id);
CREATE INDEX session_expires_at ON session (expires_at);
COMMENT ON TABLE  session IS 'Signed-in browsers. A row is a session; deleting it signs that browser out.';
COMMENT ON COLUMN session.id_hash IS 'SHA-256 of the cookie: a stolen copy of this table opens no session.';
COMMENT ON COLUMN session.data IS 'What the session layer keeps between requests.';
COMMENT ON COLUMN session.ip IS 'Address of the sign-in, for people.';
COMMENT ON COLUMN session.last_seen_at IS 'Last renewal, not last request.';
COMMENT ON COLUMN session.expires_at IS 'Moves with use; the database''s clock decides.';

CREATE TABLE api_token (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    role         text NOT NULL CHECK (role IN ('viewer', 'operator', 'approver', 'admin')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at   timestamptz CHECK (expires_at > created_at),
    revoked_at   timestamptz CHECK (revoked_at >= created_at)
);
CREATE UNIQUE INDEX api_token_name ON api_token (user_id, name) WHERE revoked_at IS NULL;
COMMENT ON TABLE  api_token IS 'What scripts sign in with.';
COMMENT ON COLUMN api_token.token_hash IS 'SHA-256 of the token. 256 random bits need no slow hash.';
COMMENT ON COLUMN api_token.role IS 'A ceiling: the token can do what both it and its user may do.';
COMMENT ON COLUMN api_token.last_used_at IS 'To the minute.';

CREATE TABLE audit (
    seq       bigint PRIMARY KEY CHECK (seq >= 1),
    at        timestamptz NOT NULL,
    actor     text NOT NULL CHECK (actor <> ''),
    action    text NOT NULL CHECK (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
    subject   text NOT NULL CHECK (subject <> ''),
    detail    jsonb NOT NULL CHECK (jsonb_typeof(detail) = 'object'),
    prev_hash bytea NOT NULL CHECK (octet_length(prev_hash) = 32),
    hash      bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_actor ON audit (actor, seq DESC);
CREATE INDEX audit_subject ON audit (subject text_pattern_ops, seq DESC);
COMMENT ON TABLE  audit IS 'Who did what: append only, each row chained to the one before by its hash.';
COMMENT ON COLUMN audit.seq IS 'From 1 without gaps; given out under an advisory lock, since a sequence leaves gaps.';
COMMENT ON COLUMN audit.actor IS 'Sign-in name, or "system".';
COMMENT ON COLUMN audit.action IS 'Noun and verb: migration.launch.';
COMMENT ON COLUMN audit.subject IS 'On what: migration:0198…, client:lpar71.';
COMMENT ON COLUMN audit.detail IS 'Particulars; never a secret.';
COMMENT ON COLUMN audit.prev_hash IS 'hash of row seq - 1; 32 zero bytes for the first.';
COMMENT ON COLUMN audit.hash IS 'SHA-256 over the row and prev_hash (server/src/store/audit.rs says exactly how).';

-- No act of the program changes the record. Who owns the database can still do so: the chain then shows it.
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit is append only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
