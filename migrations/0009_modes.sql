-- All modes of nimadm: a mksysb as source or result, -M, waking a clone and putting it to sleep.

ALTER TABLE migration
    ALTER COLUMN client_id DROP NOT NULL,
    ADD COLUMN operation text NOT NULL GENERATED ALWAYS AS (COALESCE(request->>'operation', 'migrate')) STORED,
    ADD COLUMN wakings integer NOT NULL DEFAULT 0 CHECK (wakings >= 0),
    ADD CONSTRAINT operation_is_known CHECK (operation IN ('migrate', 'restore', 'capture', 'convert', 'synchronise')),
    ADD CONSTRAINT client_belongs_to_the_operation CHECK (
        (client_id IS NOT NULL) = (operation IN ('migrate', 'restore', 'capture'))),
    DROP CONSTRAINT state_is_known,
    ADD CONSTRAINT state_is_known CHECK (state IN (
        'draft', 'preflight', 'awaiting_approval', 'queued', 'starting', 'running', 'held', 'contact_lost', 'failed_clean',
        'failed_debris', 'cleaning', 'cancelling', 'cancelled', 'clone_ready', 'waking', 'awake', 'falling_asleep', 'completed',
        'armed', 'rebooting', 'verifying', 'verified', 'verification_failed', 'rolling_back', 'rolled_back', 'finalising',
        'finalised')),
    ADD CONSTRAINT only_a_clone_has_a_life_after_nimadm CHECK (
        operation IN ('migrate', 'restore') OR state NOT IN (
            'held', 'clone_ready', 'waking', 'awake', 'falling_asleep', 'armed', 'rebooting', 'verifying', 'verified',
            'verification_failed', 'rolling_back', 'rolled_back', 'finalising', 'finalised')),
    ADD CONSTRAINT a_clone_is_never_just_completed CHECK (operation NOT IN ('migrate', 'restore') OR state <> 'completed'),
    DROP CONSTRAINT start_needs_evidence,
    ADD CONSTRAINT start_needs_evidence CHECK (
        client_id IS NULL OR before IS NOT NULL
        OR state NOT IN ('running', 'contact_lost', 'clone_ready', 'completed', 'armed', 'rebooting', 'verifying', 'verified')),
    DROP CONSTRAINT clone_has_pvids,
    ADD CONSTRAINT clone_has_pvids CHECK (
        state NOT IN ('clone_ready', 'waking', 'awake', 'falling_asleep', 'armed', 'rebooting', 'verifying', 'verified')
        OR cardinality(target_pvids) > 0);
COMMENT ON COLUMN migration.operation IS 'What nimadm is to do: app::model::Operation';
COMMENT ON COLUMN migration.client_id IS 'NULL where the operation is about resources of the master alone';
COMMENT ON COLUMN migration.wakings IS 'How often the clone was to be woken or put to sleep: each has its own job';

INSERT INTO legal_move VALUES
    ('running', 'completed'),
    ('clone_ready', 'waking'), ('waking', 'awake'), ('waking', 'clone_ready'),
    ('awake', 'falling_asleep'), ('falling_asleep', 'clone_ready'), ('falling_asleep', 'awake');

DROP INDEX one_live_migration_a_client;
CREATE UNIQUE INDEX one_live_migration_a_client ON migration (client_id)
    WHERE state NOT IN ('failed_clean', 'cancelled', 'completed', 'verified', 'rolled_back', 'finalised');
-- nimadm locks a mksysb as it locks a client, and two -M into one SPOT would be in each other's way.
CREATE UNIQUE INDEX one_live_operation_a_resource
    ON migration (master_id, (COALESCE(request->>'mksysb', request->>'spot')))
    WHERE client_id IS NULL
      AND state NOT IN ('failed_clean', 'cancelled', 'completed', 'verified', 'rolled_back', 'finalised');
DROP INDEX migration_by_lease;
CREATE INDEX migration_by_lease ON migration (lease_until)
    WHERE state IN ('starting', 'running', 'contact_lost', 'cleaning', 'cancelling', 'waking', 'falling_asleep', 'armed',
                    'rebooting', 'verifying', 'rolling_back', 'finalising');
DROP INDEX migration_by_watch;
CREATE INDEX migration_by_watch ON migration (watched_at)
    WHERE state IN ('running', 'held', 'clone_ready', 'awake', 'verified');
