-- The pre-flight: what a person went on without, and where nimadm may write.

ALTER TABLE migration ADD COLUMN overrides jsonb NOT NULL DEFAULT '[]'
    CHECK (jsonb_typeof(overrides) = 'array');
COMMENT ON COLUMN migration.overrides IS 'app::model::Override: blocking checks that could not be read, each with its reason; empty where every one was read';

ALTER TABLE master ADD COLUMN allowed_directories text[] NOT NULL DEFAULT '{}'
    CHECK (array_position(allowed_directories, NULL) IS NULL AND cardinality(allowed_directories) <= 32);
COMMENT ON COLUMN master.allowed_directories IS 'Absolute directories below which nimadm may write a mksysb and read images as root; empty: where the NIM objects of the master lie';
