-- Migrations, their attempts, phases and logs, and the lease by which one server at a time works on each.

CREATE TABLE migration (
    id              uuid PRIMARY KEY,
    client_id       uuid NOT NULL REFERENCES client,
    master_id       uuid NOT NULL REFERENCES master,
    state           text NOT NULL,
    reason          text,
    request         jsonb NOT NULL,
    command         text NOT NULL,
    requested_by    text NOT NULL,
    requested_at    timestamptz NOT NULL DEFAULT now(),
    idempotency_key text,
    attempt         integer NOT NULL DEFAULT 1 CHECK (attempt >= 1),
    from_level      text,
    to_level        text,
    target_pvids    text[] NOT NULL DEFAULT '{}',
    cleanings       integer NOT NULL DEFAULT 0 CHECK (cleanings >= 0),
    cutover_by      text,
    cutover_at      timestamptz,
    reboot_sent_at  timestamptz,
    reboot_down_at  timestamptz,
    before          jsonb,
    after           jsonb,
    verification    jsonb,
    log_lines       bigint NOT NULL DEFAULT 0 CHECK (log_lines >= 0),
    log_bytes       bigint NOT NULL DEFAULT 0 CHECK (log_bytes >= 0),
    log_sha256      text,
    last_line_at    timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    state_at        timestamptz NOT NULL DEFAULT now(),
    epoch           bigint NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    lease_owner     uuid,
    lease_until     timestamptz,
    takeovers       integer NOT NULL DEFAULT 0,

    CONSTRAINT state_is_known CHECK (state IN (
        'draft', 'preflight', 'awaiting_approval', 'queued', 'starting', 'running', 'contact_lost', 'failed_clean',
        'failed_debris', 'cleaning', 'cancelling', 'cancelled', 'clone_ready', 'armed', 'rebooting', 'verifying',
        'verified', 'verification_failed', 'rolling_back', 'rolled_back', 'finalised')),
    CONSTRAINT lease_is_whole CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT cutover_is_whole CHECK ((cutover_by IS NULL) = (cutover_at IS NULL)),
    CONSTRAINT armed_needs_a_cutover CHECK (
        state NOT IN ('armed', 'rebooting', 'verifying', 'verified', 'verification_failed', 'finalised')
        OR cutover_at IS NOT NULL),
    CONSTRAINT reboot_needs_a_cutover CHECK (reboot_sent_at IS NULL OR cutover_at IS NOT NULL),
    CONSTRAINT start_needs_evidence CHECK (
        state NOT IN ('running', 'contact_lost', 'clone_ready', 'armed', 'rebooting', 'verifying', 'verified')
        OR before IS NOT NULL),
    CONSTRAINT clone_has_pvids CHECK (
        state NOT IN ('clone_ready', 'armed', 'rebooting', 'verifying', 'verified') OR cardinality(target_pvids) > 0),
    CONSTRAINT verified_needs_proof CHECK (state <> 'verified' OR (after IS NOT NULL AND verification IS NOT NULL))
);
COMMENT ON TABLE migration IS 'One client, one target level, from request to proof';
COMMENT ON COLUMN migration.reason IS 'Why it stands where it stands, in words for people';
COMMENT ON COLUMN migration.request IS 'app::model::LaunchRequest';
COMMENT ON COLUMN migration.command IS 'The nimadm command line as it runs';
COMMENT ON COLUMN migration.target_pvids IS 'PVIDs of the target disks in the order asked for; empty until alt_disk_copy has given one to a disk that had none';
COMMENT ON COLUMN migration.cleanings IS 'How often nimadm -C was asked for; names its job in the spool';
COMMENT ON COLUMN migration.reboot_sent_at IS 'Written before shutdown is sent, so that a takeover never reboots twice';
COMMENT ON COLUMN migration.reboot_down_at IS 'When the client was first seen not answering after that';
COMMENT ON COLUMN migration.before IS 'app::model::Snapshot, just before nimadm is started';
COMMENT ON COLUMN migration.after IS 'app::model::Snapshot, after the reboot';
COMMENT ON COLUMN migration.verification IS 'The checks of after against before';
COMMENT ON COLUMN migration.log_sha256 IS 'Hash of all stored log bytes, only once compared with the master''s files and found equal';
COMMENT ON COLUMN migration.state_at IS 'When state or reason last changed; what viewers on other servers ask for';
COMMENT ON COLUMN migration.epoch IS 'Raised by every claim; every write of a worker carries it, so a server that lost its lease changes nothing';
COMMENT ON COLUMN migration.lease_until IS 'By the database''s clock; past it anybody may claim';

CREATE UNIQUE INDEX one_live_migration_a_client ON migration (client_id)
    WHERE state NOT IN ('failed_clean', 'cancelled', 'verified', 'rolled_back', 'finalised');
CREATE UNIQUE INDEX one_migration_a_key ON migration (requested_by, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX migration_by_age ON migration (requested_at DESC, id DESC);
CREATE INDEX migration_by_change ON migration (state_at);
CREATE INDEX migration_by_lease ON migration (lease_until)
    WHERE state IN ('queued', 'starting', 'running', 'contact_lost', 'cleaning', 'armed', 'rebooting', 'verifying');

CREATE FUNCTION migration_state_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.state_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER migration_state_changed BEFORE UPDATE ON migration FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.reason IS DISTINCT FROM NEW.reason)
    EXECUTE FUNCTION migration_state_changed();

CREATE TABLE attempt (
    migration_id  uuid NOT NULL REFERENCES migration ON DELETE CASCADE,
    number        integer NOT NULL CHECK (number >= 1),
    started_at    timestamptz,
    ended_at      timestamptz,
    rc            integer,
    log_lines     bigint NOT NULL DEFAULT 0 CHECK (log_lines >= 0),
    log_bytes     bigint NOT NULL DEFAULT 0 CHECK (log_bytes >= 0),
    outcome       text CHECK (outcome IN ('success', 'warning', 'failed', 'incomplete')),
    failed_phase  smallint CHECK (failed_phase BETWEEN 1 AND 12),
    cause         text,
    advice        text,
    codes         text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (migration_id, number),
    CONSTRAINT end_needs_a_start CHECK (ended_at IS NULL OR started_at IS NOT NULL),
    CONSTRAINT outcome_needs_an_end CHECK (outcome IS NULL OR ended_at IS NOT NULL)
);
COMMENT ON TABLE attempt IS 'One call of nimadm from phase 1 on';
COMMENT ON COLUMN attempt.rc IS 'What nimadm returned; NULL where it was killed or never said. 0 proves nothing';
COMMENT ON COLUMN attempt.log_bytes IS 'Bytes of the master''s spool file stored so far: where following goes on';

CREATE TABLE phase (
    migration_id uuid NOT NULL,
    attempt      integer NOT NULL,
    number       smallint NOT NULL CHECK (number BETWEEN 1 AND 12),
    state        text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    progress     jsonb,
    PRIMARY KEY (migration_id, attempt, number),
    FOREIGN KEY (migration_id, attempt) REFERENCES attempt ON DELETE CASCADE,
    CONSTRAINT ended_unless_running CHECK ((state = 'running') = (ended_at IS NULL))
);
COMMENT ON TABLE phase IS 'The phases nimadm announced; one that is not here was not reached';

CREATE TABLE log_chunk (
    migration_id uuid NOT NULL REFERENCES migration ON DELETE CASCADE,
    first_byte   bigint NOT NULL CHECK (first_byte >= 0),
    attempt      integer NOT NULL,
    phase        smallint CHECK (phase BETWEEN 1 AND 12),
    at           timestamptz NOT NULL,
    first_line   bigint NOT NULL CHECK (first_line >= 1),
    line_count   integer NOT NULL CHECK (line_count >= 0),
    head         text,
    head_bytes   bigint NOT NULL DEFAULT 0 CHECK (head_bytes >= 0),
    body         bytea NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 1048576),
    PRIMARY KEY (migration_id, first_byte),
    CONSTRAINT head_of_a_begun_line CHECK ((head IS NULL) = (head_bytes = 0))
);
COMMENT ON TABLE log_chunk IS 'What nimadm printed, as received: whole lines, or a part of a line that is longer than a chunk';
COMMENT ON COLUMN log_chunk.first_byte IS 'Offset in the log of the whole migration, all attempts one after the other';
COMMENT ON COLUMN log_chunk.first_line IS 'Number of the line its first byte is in; lines are numbered from 1 for ever';
COMMENT ON COLUMN log_chunk.line_count IS 'Lines that end in it (the last line of an attempt ends with the log)';
COMMENT ON COLUMN log_chunk.head IS 'How its first line began, where it began in an earlier chunk, so that each chunk can be shown alone';
COMMENT ON COLUMN log_chunk.head_bytes IS 'Bytes of that line in earlier chunks';
-- The bytes are text that compresses well, and are read back whole. A PostgreSQL built without lz4 keeps its default.
DO $$ BEGIN
    ALTER TABLE log_chunk ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
CREATE INDEX log_chunk_by_line ON log_chunk (migration_id, first_line, first_byte);
