-- An object's name is bytes, which sort as S3 lists them whatever the database's language, and may hold any character. A small
-- object's bytes are in its row. The latest version of a name is the one that was born last.
CREATE TABLE named (
    bucket   TEXT NOT NULL,
    -- In UTF-8.
    name     BLOB NOT NULL,
    version  TEXT NOT NULL,
    born     BIGINT NOT NULL,
    data     TEXT NOT NULL,
    body     TEXT NOT NULL,
    -- Encrypted. None for a delete marker, and where they are in chunks.
    bytes    BLOB,
    PRIMARY KEY (bucket, name, version)
);

INSERT INTO named (bucket, name, version, born, data, body)
    SELECT bucket, CAST(name AS BLOB), version, born, data, body FROM objects;

DELETE FROM chunks
    WHERE data NOT IN (SELECT data FROM objects) AND data NOT IN (SELECT data FROM uploads);

DROP TABLE objects;

ALTER TABLE named RENAME TO objects;

CREATE UNIQUE INDEX objects_born ON objects (bucket, name, born DESC);

-- Chunks that nothing names yet, or any more, so that what is left over is found without a look at every chunk.
CREATE TABLE unnamed (
    data     TEXT PRIMARY KEY
);

DROP INDEX uploads_name;

ALTER TABLE uploads ADD COLUMN object BLOB NOT NULL DEFAULT '';

UPDATE uploads SET object = CAST(name AS BLOB);

ALTER TABLE uploads DROP COLUMN name;

ALTER TABLE uploads RENAME COLUMN object TO name;

CREATE INDEX uploads_name ON uploads (bucket, name, id);

-- With what a root key is made of a passphrase; none where the key is not.
ALTER TABLE root_key_check ADD COLUMN salt TEXT;
