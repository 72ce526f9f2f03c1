-- Logs of nimadm runs from before nimdeck, as they lay on their masters. They are no migrations: they have no states to
-- move through, and nothing may ever be cut over because of them.

CREATE TABLE imported_log (
    id           uuid PRIMARY KEY,
    master_id    uuid NOT NULL REFERENCES master,
    client_name  text NOT NULL CHECK (client_name ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,38}$'),
    file_name    text NOT NULL,
    bytes        bigint NOT NULL CHECK (bytes BETWEEN 1 AND 67108864),
    lines        bigint NOT NULL CHECK (lines >= 1),
    sha256       text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    modified     text NOT NULL CHECK (modified <> ''),
    modified_on  date,
    outcome      text NOT NULL CHECK (outcome IN ('success', 'warning', 'failed', 'incomplete')),
    failed_phase smallint CHECK (failed_phase BETWEEN 1 AND 12),
    phases_seen  smallint[] NOT NULL CHECK (phases_seen <@ ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]::smallint[]),
    cause        text,
    advice       text,
    codes        text[] NOT NULL,
    report       jsonb NOT NULL CHECK (jsonb_typeof(report) = 'object'),
    imported_by  text NOT NULL CHECK (imported_by <> ''),
    imported_at  timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT one_entry_a_log UNIQUE (master_id, sha256),
    CONSTRAINT file_is_of_its_client CHECK (file_name = client_name || '_alt_mig.log'),
    CONSTRAINT failed_phase_needs_a_failure CHECK (failed_phase IS NULL OR outcome = 'failed')
);
COMMENT ON TABLE imported_log IS 'Logs of runs from before nimdeck, each known by its master and the hash of its bytes';
COMMENT ON COLUMN imported_log.client_name IS 'From the file''s name; the client may be unknown to NIM by now';
COMMENT ON COLUMN imported_log.modified IS 'Last written, as the master''s ls -l printed it: without a year, or without a time';
COMMENT ON COLUMN imported_log.modified_on IS 'The day that meant by the master''s clock; NULL where it could not be told';
COMMENT ON COLUMN imported_log.report IS 'aix::log::Report, as of the import';
CREATE INDEX imported_log_by_age ON imported_log (imported_at DESC, id DESC);
CREATE INDEX imported_log_by_client ON imported_log (client_name);

CREATE TABLE imported_log_chunk (
    log_id     uuid NOT NULL REFERENCES imported_log ON DELETE CASCADE,
    first_byte bigint NOT NULL CHECK (first_byte >= 0 AND first_byte % 65536 = 0),
    body       bytea NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 65536),
    PRIMARY KEY (log_id, first_byte)
);
COMMENT ON TABLE imported_log_chunk IS 'The bytes of an imported log as they were on the master, in pieces of 64 KiB';
-- As log_chunk: text that compresses well, read back whole. A PostgreSQL built without lz4 keeps its default.
DO $$ BEGIN
    ALTER TABLE imported_log_chunk ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
