-- The position of a change among all changes, so that a reader can go on without missing one.

-- state_at is the clock at the time of the write. A transaction that commits later than its neighbours has an earlier state_at, and a
-- reader that has seen the neighbours never looks there again. Transaction numbers have no such gap: all transactions below the oldest
-- running one (pg_snapshot_xmin) have ended, so a reader that goes on from there misses nothing.
ALTER TABLE migration ADD COLUMN changed_in bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint;
COMMENT ON COLUMN migration.changed_in IS 'The transaction in which state_at last changed; readers go on by it, never by state_at';
CREATE INDEX migration_by_transaction ON migration (changed_in);

CREATE FUNCTION migration_note_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
-- Triggers fire in the order of their names: this one sees what the others have done to state_at.
CREATE TRIGGER migration_zz_note_transaction BEFORE UPDATE ON migration FOR EACH ROW
    WHEN (OLD.state_at IS DISTINCT FROM NEW.state_at)
    EXECUTE FUNCTION migration_note_transaction();
