-- One server runs the simulated estate: another one does not take its masters over while it lives.

ALTER TABLE master ADD COLUMN simulated_until timestamptz NOT NULL DEFAULT '-infinity',
    ADD CONSTRAINT only_the_lab_is_held CHECK (simulated OR simulated_until = '-infinity');
COMMENT ON COLUMN master.simulated_until IS 'The server whose lab this master belongs to lives; renewed while it runs. Until then no lab with another host key may take its name';
