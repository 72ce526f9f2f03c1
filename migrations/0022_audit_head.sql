-- The head of the record, kept beside it: entries that are cut off at the end leave a chain that holds, but they do not leave this.

CREATE TABLE audit_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    seq      bigint NOT NULL CHECK (seq >= 0),
    hash     bytea NOT NULL CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE  audit_head IS 'The last entry of the record: how many were written, and the hash of the last one. One row';
COMMENT ON COLUMN audit_head.seq IS 'audit.seq of the last entry; 0 before the first';
COMMENT ON COLUMN audit_head.hash IS 'audit.hash of the last entry; 32 zero bytes before the first. The next entry is chained to it';

INSERT INTO audit_head (seq, hash)
    SELECT seq, hash FROM audit UNION ALL SELECT 0, decode(repeat('00', 32), 'hex') ORDER BY seq DESC LIMIT 1;

-- In the transaction that writes an entry, whatever program writes it.
CREATE FUNCTION audit_head_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_head_follows AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_head_follows();

-- It only goes forward, one entry at a time.
CREATE FUNCTION audit_head_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR NEW.seq <> OLD.seq + 1 THEN
        RAISE EXCEPTION 'audit_head only grows: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_head_only_grows BEFORE INSERT OR UPDATE OR DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_head_only_grows();
CREATE FUNCTION audit_head_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_head stays: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_head_stays();
