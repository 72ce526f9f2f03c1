-- Orders: one act on many migrations, stored at once and carried out by the engine, member by member.

CREATE TABLE campaign_order (
    id             uuid PRIMARY KEY,
    campaign_id    uuid NOT NULL REFERENCES campaign ON DELETE CASCADE,
    action         text NOT NULL CHECK (action IN ('cutover', 'retry_failed')),
    asked_by       text NOT NULL CHECK (asked_by <> ''),
    asked_role     text NOT NULL CHECK (asked_role IN ('viewer', 'operator', 'approver', 'admin')),
    asked_at       timestamptz NOT NULL DEFAULT now(),
    reason         text,
    not_before     timestamptz,
    cutover_window text,
    CONSTRAINT only_a_cutover_has_a_time CHECK (action = 'cutover' OR (not_before IS NULL AND cutover_window IS NULL))
);
CREATE INDEX campaign_order_of ON campaign_order (campaign_id, asked_at DESC);
COMMENT ON TABLE  campaign_order IS 'An act on many members of a campaign, as a person asked for it';
COMMENT ON COLUMN campaign_order.id IS 'UUIDv7.';
COMMENT ON COLUMN campaign_order.asked_role IS 'Role with which it was asked for, a token''s ceiling included; a member is acted on with this or the role of then, whichever is lower';
COMMENT ON COLUMN campaign_order.not_before IS 'A cutover is planned for this time';
COMMENT ON COLUMN campaign_order.cutover_window IS 'A cutover is planned for this maintenance window; by name, since a window may be removed meanwhile';

CREATE TABLE campaign_order_member (
    order_id     uuid NOT NULL REFERENCES campaign_order ON DELETE CASCADE,
    migration_id uuid NOT NULL REFERENCES migration,
    position     integer NOT NULL CHECK (position >= 0),
    state        text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'refused', 'skipped')),
    why          text,
    worked_until timestamptz NOT NULL DEFAULT '-infinity',
    acted_at     timestamptz,
    PRIMARY KEY (order_id, migration_id),
    UNIQUE (order_id, position),
    CONSTRAINT acted_on_unless_pending CHECK ((state = 'pending') = (acted_at IS NULL)),
    CONSTRAINT not_done_says_why CHECK ((state IN ('refused', 'skipped')) = (why IS NOT NULL))
);
CREATE INDEX campaign_order_member_pending ON campaign_order_member (order_id, position) WHERE state = 'pending';
CREATE INDEX campaign_order_pending_of_migration ON campaign_order_member (migration_id) WHERE state = 'pending';
COMMENT ON TABLE  campaign_order_member IS 'A migration that an order is about. The act, its audit row and this mark are one transaction, so each is acted on once';
COMMENT ON COLUMN campaign_order_member.state IS 'pending; done; refused: it could not be done; skipped: it had moved on, or the campaign was cancelled';
COMMENT ON COLUMN campaign_order_member.worked_until IS 'A server looks at its hosts until then; only saves work: the act locks this row';
