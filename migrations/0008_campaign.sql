-- Campaigns: many clients, wave by wave.

CREATE TABLE campaign (
    id           uuid PRIMARY KEY,
    name         text NOT NULL CHECK (name <> ''),
    state        text NOT NULL CHECK (state IN ('running', 'awaiting_approval', 'paused', 'stopped', 'done', 'cancelled')),
    reason       text,
    template     jsonb NOT NULL,
    go_on        jsonb NOT NULL,
    stop         jsonb NOT NULL,
    wave         smallint NOT NULL DEFAULT 1 CHECK (wave >= 1),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    worked_until timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE campaign IS 'Many clients migrated alike';
COMMENT ON COLUMN campaign.template IS 'app::model::Template';
COMMENT ON COLUMN campaign.wave IS 'The wave that is launched and watched';
COMMENT ON COLUMN campaign.worked_until IS 'A server works on it until then; only saves work: each launch is guarded by its member''s row';

CREATE TABLE campaign_member (
    campaign_id  uuid NOT NULL REFERENCES campaign ON DELETE CASCADE,
    client_id    uuid NOT NULL REFERENCES client,
    position     integer NOT NULL CHECK (position >= 0),
    wave         smallint NOT NULL CHECK (wave >= 1),
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'launched', 'refused', 'skipped')),
    target_disks text[] NOT NULL DEFAULT '{}',
    migration_id uuid UNIQUE REFERENCES migration,
    refused      text,
    PRIMARY KEY (campaign_id, client_id),
    UNIQUE (campaign_id, position),
    CONSTRAINT launched_has_a_migration CHECK ((state = 'launched') = (migration_id IS NOT NULL)),
    CONSTRAINT refused_says_why CHECK ((state = 'refused') = (refused IS NOT NULL))
);
COMMENT ON TABLE campaign_member IS 'A client of a campaign; how it stands beyond launched is its migration''s state';
COMMENT ON COLUMN campaign_member.target_disks IS 'As given; empty: chosen at the launch';
COMMENT ON COLUMN campaign_member.refused IS 'What the pre-flight said';
