-- Objects get versions, one of which is the latest, and large ones come in parts.
CREATE TABLE versions (
    bucket   TEXT NOT NULL,
    name     TEXT NOT NULL,
    -- `null` for what was written without versioning.
    version  TEXT NOT NULL,
    -- Grows with every write of the name.
    born     BIGINT NOT NULL,
    latest   BIGINT NOT NULL CHECK (latest IN (0, 1)),
    -- Empty for a delete marker.
    data     TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (bucket, name, version)
);

INSERT INTO versions (bucket, name, version, born, latest, data, body)
    SELECT bucket, name, 'null', 1, 1, data, body FROM objects;

DROP TABLE objects;

ALTER TABLE versions RENAME TO objects;

CREATE INDEX objects_data ON objects (data);

CREATE UNIQUE INDEX objects_latest ON objects (bucket, name) WHERE latest = 1;

-- Uploads that are under way; their chunks bear the data id of the object they are to become.
CREATE TABLE uploads (
    id       TEXT PRIMARY KEY,
    bucket   TEXT NOT NULL,
    name     TEXT NOT NULL,
    data     TEXT NOT NULL,
    body     TEXT NOT NULL
);

CREATE INDEX uploads_name ON uploads (bucket, name, id);

CREATE INDEX uploads_data ON uploads (data);

CREATE TABLE parts (
    upload   TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    number   BIGINT NOT NULL,
    -- The number of its first chunk.
    first    BIGINT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (upload, number)
);
