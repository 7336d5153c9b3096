-- Everything an account owns, one row a resource; objects apart, their bytes apart again.
CREATE TABLE accounts (
    id       TEXT PRIMARY KEY,
    version  BIGINT NOT NULL
);

CREATE TABLE resources (
    account  TEXT NOT NULL REFERENCES accounts (id),
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (account, kind, name)
);

-- Names that are unique over all accounts, and by which a request finds its account.
CREATE UNIQUE INDEX resources_global_names ON resources (kind, name) WHERE kind IN ('bucket', 'access-key', 'instance');

CREATE TABLE objects (
    bucket   TEXT NOT NULL,
    name     TEXT NOT NULL,
    data     TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (bucket, name)
);

CREATE INDEX objects_data ON objects (data);

-- An object's encrypted bytes. Rows whose data id no object names are left over from an interrupted upload.
CREATE TABLE chunks (
    data     TEXT NOT NULL,
    seq      BIGINT NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (data, seq)
);

-- One row: a sealed constant that only the right root key opens.
CREATE TABLE root_key_check (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sealed   TEXT NOT NULL
);
