-- NIM masters, their resources and their clients, as last seen.

CREATE TABLE master (
    id           uuid PRIMARY KEY,
    name         text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,38}$'),
    host         text NOT NULL CHECK (host <> ''),
    port         integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
    username     text NOT NULL CHECK (username <> ''),
    simulated    boolean NOT NULL DEFAULT false,
    pinned_key   text,
    offered_key  text,
    level        text,
    refreshed_at timestamptz,
    unreachable  text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT offered_key_differs CHECK (offered_key IS DISTINCT FROM pinned_key OR offered_key IS NULL)
);
COMMENT ON TABLE master IS 'NIM masters that nimdeck drives over SSH';
COMMENT ON COLUMN master.simulated IS 'A master of the lab; everything about it is shown as simulated';
COMMENT ON COLUMN master.pinned_key IS 'OpenSSH public key the host must offer; NULL: nobody accepted one yet, nothing is sent to it';
COMMENT ON COLUMN master.offered_key IS 'The key it offered last where that is not the pinned one; present beside a pin it means: changed, stop';
COMMENT ON COLUMN master.level IS 'oslevel -s of the master';
COMMENT ON COLUMN master.unreachable IS 'Why the last try to reach it failed; NULL when it answered';

CREATE TABLE nim_resource (
    master_id uuid NOT NULL REFERENCES master ON DELETE CASCADE,
    name      text NOT NULL,
    kind      text NOT NULL,
    ready     boolean NOT NULL,
    level     text,
    PRIMARY KEY (master_id, name)
);
COMMENT ON TABLE nim_resource IS 'NIM objects of class resources, from lsnim -l';
COMMENT ON COLUMN nim_resource.ready IS 'Rstate is "ready for use"';
COMMENT ON COLUMN nim_resource.level IS 'oslevel_s or oslevel_r where NIM says it';

CREATE TABLE client (
    id           uuid PRIMARY KEY,
    master_id    uuid NOT NULL REFERENCES master ON DELETE CASCADE,
    name         text NOT NULL CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,38}$'),
    hostname     text,
    level        text,
    inventory    jsonb NOT NULL DEFAULT '{}',
    cstate       text,
    refreshed_at timestamptz,
    unreachable  text,
    UNIQUE (master_id, name)
);
COMMENT ON TABLE client IS 'NIM objects of type standalone';
COMMENT ON COLUMN client.hostname IS 'Host name in its NIM attribute if1, by which c_rsh reaches it; NULL: the object name';
COMMENT ON COLUMN client.level IS 'oslevel -s; NULL before the first answer';
COMMENT ON COLUMN client.inventory IS 'Disks, bootlist and rootvg of the last answer, as server::store::client::Inventory';
COMMENT ON COLUMN client.cstate IS 'NIM Cstate; anything but "ready for a NIM operation" means busy';
