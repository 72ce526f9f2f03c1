-- What /readyz writes to prove that the database can store anything.
CREATE TABLE write_probe (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE write_probe IS 'One row that a server updates when it is asked whether it is ready';
COMMENT ON COLUMN write_probe.at IS 'When a server last proved that it can write';
INSERT INTO write_probe DEFAULT VALUES;
