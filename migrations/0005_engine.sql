-- All actions of a migration: hold and resume, cancel, rollback, finalise; parking; and the moves that exist at all.

ALTER TABLE migration
    DROP CONSTRAINT state_is_known,
    ADD CONSTRAINT state_is_known CHECK (state IN (
        'draft', 'preflight', 'awaiting_approval', 'queued', 'starting', 'running', 'held', 'contact_lost', 'failed_clean',
        'failed_debris', 'cleaning', 'cancelling', 'cancelled', 'clone_ready', 'armed', 'rebooting', 'verifying',
        'verified', 'verification_failed', 'rolling_back', 'rolled_back', 'finalising', 'finalised')),
    ADD COLUMN previous_state text,
    ADD COLUMN asked integer NOT NULL DEFAULT 0,
    ADD COLUMN step smallint NOT NULL DEFAULT 1 CHECK (step BETWEEN 1 AND 9),
    ADD COLUMN hold_asked_by text,
    ADD COLUMN rollback_by text,
    ADD COLUMN rollback_at timestamptz,
    ADD COLUMN rolled_back jsonb,
    ADD COLUMN finalise_by text,
    ADD COLUMN finalise_at timestamptz,
    ADD COLUMN parked_at timestamptz,
    ADD COLUMN taken_over_at timestamptz,
    ADD CONSTRAINT only_runs_in_steps_are_held CHECK (
        request->>'mode' = 'stepped' OR (state <> 'held' AND hold_asked_by IS NULL AND step = 1)),
    ADD CONSTRAINT a_hold_is_asked_of_a_run CHECK (
        hold_asked_by IS NULL OR state IN ('queued', 'starting', 'running', 'contact_lost')),
    ADD CONSTRAINT rollback_is_whole CHECK ((rollback_by IS NULL) = (rollback_at IS NULL)),
    ADD CONSTRAINT rollback_was_asked_for CHECK (
        state NOT IN ('rolling_back', 'rolled_back') OR (rollback_at IS NOT NULL AND cutover_at IS NOT NULL)),
    ADD CONSTRAINT rolled_back_needs_proof CHECK (state <> 'rolled_back' OR rolled_back IS NOT NULL),
    ADD CONSTRAINT finalise_is_whole CHECK ((finalise_by IS NULL) = (finalise_at IS NULL)),
    ADD CONSTRAINT finalise_was_asked_for CHECK (
        state NOT IN ('finalising', 'finalised') OR (finalise_at IS NOT NULL AND verification IS NOT NULL)),
    ADD CONSTRAINT parked_has_no_worker CHECK (parked_at IS NULL OR lease_owner IS NULL);
COMMENT ON COLUMN migration.previous_state IS 'The state before this one; with it, a move that legal_move does not list is refused';
COMMENT ON COLUMN migration.asked IS 'How often a person has moved it; a worker that finds it raised drops what it does and looks again';
COMMENT ON COLUMN migration.step IS 'Run in steps: which group of phases (aix::Phase::STEPS) runs or is next, from 1';
COMMENT ON COLUMN migration.hold_asked_by IS 'Who asked to hold a run in steps at its next boundary; NULL once it is held';
COMMENT ON COLUMN migration.rollback_at IS 'When somebody asked to boot the old disk again';
COMMENT ON COLUMN migration.rolled_back IS 'app::model::Snapshot, once the old system runs again';
COMMENT ON COLUMN migration.finalise_at IS 'When somebody asked to give the old disk back';
COMMENT ON COLUMN migration.parked_at IS 'Set when servers that worked on it were lost too often: nobody claims it until an operator resumes it';
COMMENT ON COLUMN migration.takeovers IS 'Leases that ran out since the state last changed';
COMMENT ON COLUMN migration.taken_over_at IS 'When a lease last ran out; takeovers an hour old are forgotten';

-- engine::machine decides; this list is what the database accepts of it, so that no bug and no hand in psql can skip a step.
CREATE TABLE legal_move (
    from_state text NOT NULL,
    to_state   text NOT NULL,
    PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE legal_move IS 'Every change of state there is; a test holds it against engine::machine';
INSERT INTO legal_move VALUES
    ('awaiting_approval', 'queued'), ('awaiting_approval', 'cancelled'),
    ('queued', 'starting'), ('queued', 'cancelled'),
    ('starting', 'running'), ('starting', 'failed_clean'), ('starting', 'failed_debris'), ('starting', 'cancelling'),
    ('running', 'contact_lost'), ('running', 'clone_ready'), ('running', 'failed_clean'), ('running', 'failed_debris'),
    ('running', 'held'), ('running', 'starting'), ('running', 'cancelling'),
    ('contact_lost', 'running'), ('contact_lost', 'cancelling'),
    ('held', 'starting'), ('held', 'cancelling'),
    ('failed_debris', 'cleaning'), ('cleaning', 'failed_clean'), ('cleaning', 'failed_debris'), ('failed_clean', 'queued'),
    ('cancelling', 'cancelled'), ('cancelling', 'failed_debris'),
    ('clone_ready', 'armed'), ('clone_ready', 'cancelling'),
    ('armed', 'rebooting'), ('armed', 'clone_ready'),
    ('rebooting', 'verifying'), ('rebooting', 'verification_failed'),
    ('verifying', 'verified'), ('verifying', 'verification_failed'),
    ('verified', 'verifying'), ('verified', 'rolling_back'), ('verified', 'finalising'),
    ('verification_failed', 'verifying'), ('verification_failed', 'rolling_back'),
    ('rolling_back', 'rolled_back'), ('rolling_back', 'verification_failed'),
    ('finalising', 'finalised'), ('finalising', 'verified');
ALTER TABLE migration ADD CONSTRAINT move_is_legal FOREIGN KEY (previous_state, state) REFERENCES legal_move;

CREATE OR REPLACE FUNCTION migration_state_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.state_at := clock_timestamp();
    IF OLD.state IS DISTINCT FROM NEW.state THEN
        NEW.previous_state := OLD.state;
        NEW.takeovers := 0;
    END IF;
    RETURN NEW;
END $$;

DROP INDEX migration_by_lease;
CREATE INDEX migration_by_lease ON migration (lease_until)
    WHERE state IN ('queued', 'starting', 'running', 'contact_lost', 'cleaning', 'cancelling', 'armed', 'rebooting',
                    'verifying', 'rolling_back', 'finalising');
