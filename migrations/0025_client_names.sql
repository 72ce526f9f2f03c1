-- A NIM name is unique within its master only. People give names, and every answer says whether a name fits several clients.
CREATE INDEX client_by_name ON client (name);
