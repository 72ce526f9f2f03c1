-- An approval counts when it is acted on: what lost it goes back to waiting for one.

INSERT INTO legal_move VALUES
    ('queued', 'awaiting_approval'), ('starting', 'awaiting_approval'), ('failed_clean', 'awaiting_approval'),
    ('starting', 'held'),
    ('rebooting', 'clone_ready');

COMMENT ON COLUMN migration.approved_by IS 'Who approved its start, or the campaign it belongs to; NULL where nobody was asked, and again where the approval stopped counting';
COMMENT ON COLUMN master.second_person IS 'The person who asked for a migration or a campaign does not approve it; checked again when it is carried out';
