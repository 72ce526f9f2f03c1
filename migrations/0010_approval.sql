-- Approvals: what a master asks for beyond what roles allow. Off on a fresh install.

ALTER TABLE master
    ADD COLUMN approve_starts boolean NOT NULL DEFAULT false,
    ADD COLUMN second_person  boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN master.approve_starts IS 'A launch waits until somebody approves it';
COMMENT ON COLUMN master.second_person IS 'Whoever asked for a migration or a campaign does not approve it';

ALTER TABLE migration
    ADD COLUMN approved_by text,
    ADD COLUMN approved_at timestamptz,
    ADD CONSTRAINT approval_has_its_time CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    ADD CONSTRAINT what_is_approved_waits_for_nobody CHECK (approved_by IS NULL OR state <> 'awaiting_approval');
COMMENT ON COLUMN migration.approved_by IS 'Who approved its start, or the campaign it belongs to; NULL where nobody was asked';

ALTER TABLE campaign
    ADD COLUMN approved_by text,
    ADD COLUMN approved_at timestamptz,
    ADD CONSTRAINT approval_has_its_time CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    DROP CONSTRAINT campaign_wave_check,
    ADD CONSTRAINT nothing_is_launched_before_its_approval CHECK (
        wave >= 1 OR (wave = 0 AND state IN ('awaiting_approval', 'cancelled')));
COMMENT ON COLUMN campaign.wave IS 'The wave that is launched and watched; 0 until its start is approved';
COMMENT ON COLUMN campaign.approved_by IS 'Who last approved its start or a wave';
