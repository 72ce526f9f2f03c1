-- Clients that NIM no longer lists are kept and marked missing. They were deleted before, and took their group with them.

ALTER TABLE client
    ADD COLUMN missing_since timestamptz,
    ADD COLUMN listed_at timestamptz;
COMMENT ON COLUMN client.missing_since IS 'Start of the reading of lsnim that no longer listed it, confirmed by a second reading; NULL while NIM lists it';
COMMENT ON COLUMN client.listed_at IS 'Start of the last reading of lsnim that listed it. A slow reading never overrules a later one';
CREATE INDEX client_by_group ON client (group_name) WHERE group_name IS NOT NULL;

ALTER TABLE master ADD COLUMN shrunk jsonb CHECK (jsonb_typeof(shrunk) = 'object');
COMMENT ON COLUMN master.shrunk IS 'app::model::ShrunkList: lsnim listed fewer objects than are known, and what the second reading said; NULL while it lists all of them';

-- These tables point at client or master. A row of history keeps both from being deleted (no CASCADE): the foreign keys of migration,
-- campaign_member and imported_log. Their columns need indexes, because each removal of a master asks for them.
CREATE INDEX migration_by_client ON migration (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX migration_by_master ON migration (master_id);
CREATE INDEX campaign_member_by_client ON campaign_member (client_id);
