-- A slow master must not delay anything else: leases in rows replace locks that a pooled connection holds.

CREATE TABLE nim_turn (
    master_id   uuid PRIMARY KEY REFERENCES master ON DELETE CASCADE,
    holder      uuid NOT NULL,
    held_until  timestamptz NOT NULL,
    next_holder uuid,
    next_until  timestamptz,
    CONSTRAINT next_is_whole CHECK ((next_holder IS NULL) = (next_until IS NULL)),
    CONSTRAINT next_is_another CHECK (next_holder IS DISTINCT FROM holder)
);
COMMENT ON TABLE nim_turn IS 'The server that may make NIM calls which the master refuses when they are concurrent (nimadm.md §6.2)';
COMMENT ON COLUMN nim_turn.holder IS 'The server process; within it, calls queue in memory';
COMMENT ON COLUMN nim_turn.held_until IS 'End of the lease by the database''s clock; past it any server may take it';
COMMENT ON COLUMN nim_turn.next_holder IS 'The server that takes it next; without it, the holder could keep the turn by always asking first';
COMMENT ON COLUMN nim_turn.next_until IS 'The next holder is forgotten at this time unless it has asked again';

ALTER TABLE campaign_member ADD COLUMN tried_until timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN campaign_member.tried_until IS 'A server launches this member until then; only saves work: the launch is guarded by the member''s row';
