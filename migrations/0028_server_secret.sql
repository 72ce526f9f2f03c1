-- Secrets that all servers of one database share, made by whichever starts first.
--
-- They are worth little without the rest of the database: the key 'device' only proves that a browser has signed in before,
-- which spares it the brake on sign-ins that strangers get. Passwords are hashes and tokens are hashes; nothing here opens them.
CREATE TABLE server_secret (
    -- What it is for.
    name    text  PRIMARY KEY CHECK (name ~ '^[a-z_]{1,40}$'),
    -- Random bytes.
    value   bytea NOT NULL CHECK (octet_length(value) = 32),
    made_at timestamptz NOT NULL DEFAULT now()
);
