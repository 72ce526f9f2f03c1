-- What a run is compared with to say when it ends, what is worth a look while nobody asked, and who looks.

ALTER TABLE migration
    ADD COLUMN rootvg_used_mb bigint CHECK (rootvg_used_mb >= 0),
    ADD COLUMN filesets integer CHECK (filesets >= 0),
    ADD COLUMN watched_at timestamptz,
    ADD COLUMN signals jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(signals) = 'array'),
    ADD COLUMN interlocks jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(interlocks) = 'array');
COMMENT ON COLUMN migration.rootvg_used_mb IS 'MiB of rootvg in use just before the start, copies counted once; NULL where the client did not say';
COMMENT ON COLUMN migration.filesets IS 'Filesets installed just before the start; NULL where the client did not say';
COMMENT ON COLUMN migration.watched_at IS 'When a server last took it to watch over; the claim that lets several servers share that work';
COMMENT ON COLUMN migration.signals IS 'app::model::Signal of the run that goes on; they change no state';
COMMENT ON COLUMN migration.interlocks IS 'app::model::Interlock: what of the estate endangers this migration; they change no state';

CREATE INDEX migration_by_watch ON migration (watched_at) WHERE state IN ('running', 'held', 'clone_ready', 'verified');

-- A finding is about one situation. What was said of a run is not said of its clone: the next look begins anew. Lost contact and
-- the pause between two steps are the same situation.
CREATE FUNCTION migration_watch_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IS DISTINCT FROM NEW.state THEN
        NEW.signals := '[]';
        IF NEW.state NOT IN ('starting', 'running', 'contact_lost', 'held') THEN
            NEW.interlocks := '[]';
        END IF;
    END IF;
    -- Viewers are told of a finding as of a state.
    IF (OLD.signals, OLD.interlocks) IS DISTINCT FROM (NEW.signals, NEW.interlocks) THEN
        NEW.state_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER migration_watch_changed BEFORE UPDATE ON migration FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.signals IS DISTINCT FROM NEW.signals
          OR OLD.interlocks IS DISTINCT FROM NEW.interlocks)
    EXECUTE FUNCTION migration_watch_changed();

-- History is read newest first, and of what ended well only.
CREATE INDEX attempt_that_ended_well ON attempt (ended_at DESC) WHERE outcome IN ('success', 'warning');
