-- When migrations may start and how many at once.

CREATE TABLE maintenance_window (
    name       text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,38}$'),
    time_zone  text NOT NULL CHECK (time_zone <> ''),
    ranges     jsonb NOT NULL CHECK (jsonb_typeof(ranges) = 'array' AND jsonb_array_length(ranges) > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE maintenance_window IS 'Recurring times of the week in which starts and cutovers may happen';
COMMENT ON COLUMN maintenance_window.time_zone IS 'IANA name; ranges are in its wall-clock time, through changes of the clock';
COMMENT ON COLUMN maintenance_window.ranges IS 'app::model::WeeklyRange[]';

CREATE TABLE blackout (
    id         uuid PRIMARY KEY,
    reason     text NOT NULL CHECK (reason <> ''),
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    master_id  uuid REFERENCES master ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT it_ends_after_it_starts CHECK (starts_at < ends_at)
);
COMMENT ON TABLE blackout IS 'Times in which nothing starts and nothing is cut over; what runs goes on';
COMMENT ON COLUMN blackout.master_id IS 'Only for this master''s clients; NULL: for all';

CREATE TABLE client_group (
    name        text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,38}$'),
    max_running integer NOT NULL CHECK (max_running BETWEEN 1 AND 1000)
);
COMMENT ON TABLE client_group IS 'Clients of which at most so many are worked on at once: 1 for the nodes of a cluster';

ALTER TABLE client ADD COLUMN group_name text REFERENCES client_group ON DELETE SET NULL;
COMMENT ON COLUMN client.group_name IS 'The group whose limit counts; NULL: none';

ALTER TABLE master
    ADD COLUMN max_running integer NOT NULL DEFAULT 10 CHECK (max_running BETWEEN 1 AND 1000),
    ADD COLUMN stagger_seconds integer NOT NULL DEFAULT 0 CHECK (stagger_seconds BETWEEN 0 AND 3600),
    ADD COLUMN last_start_at timestamptz;
COMMENT ON COLUMN master.max_running IS 'How many nimadms run there at once';
COMMENT ON COLUMN master.stagger_seconds IS 'Shortest time between two starts';
COMMENT ON COLUMN master.last_start_at IS 'When the turn of a migration came last';

CREATE TABLE cache_vg (
    master_id   uuid NOT NULL REFERENCES master ON DELETE CASCADE,
    name        text NOT NULL,
    free_mib    bigint NOT NULL CHECK (free_mib >= 0),
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (master_id, name)
);
COMMENT ON TABLE cache_vg IS 'Cache volume groups of masters as last seen by lsvg';

ALTER TABLE migration
    ADD COLUMN cache_need_mib bigint CHECK (cache_need_mib >= 0),
    ADD COLUMN start_now boolean NOT NULL DEFAULT false,
    ADD COLUMN turn_at timestamptz,
    ADD COLUMN cutover_not_before timestamptz,
    ADD COLUMN cutover_window text REFERENCES maintenance_window,
    ADD CONSTRAINT cutover_time_needs_a_cutover CHECK (
        cutover_at IS NOT NULL OR (cutover_not_before IS NULL AND cutover_window IS NULL));
COMMENT ON COLUMN migration.cache_need_mib IS 'MiB its cache file systems will take (nimadm.md §3.3); NULL: no cache, or not known';
COMMENT ON COLUMN migration.start_now IS 'Somebody asked to start without waiting for its time';
COMMENT ON COLUMN migration.turn_at IS 'When its turn came; from then on it holds a place and space';
COMMENT ON COLUMN migration.cutover_not_before IS 'An approved cutover waits for this time, in state clone_ready';
COMMENT ON COLUMN migration.cutover_window IS 'An approved cutover waits for this window';
CREATE INDEX migration_waiting ON migration (requested_at) WHERE state = 'queued';
CREATE INDEX migration_cutover_planned ON migration (cutover_at) WHERE state = 'clone_ready' AND cutover_at IS NOT NULL;
-- A cutover that was refused is not planned any more.
UPDATE migration SET cutover_by = NULL, cutover_at = NULL WHERE state = 'clone_ready';
