-- The console's state: what each browser session has built and what it saw. Credentials are in `vault`, sealed.

CREATE TABLE labs (
    id         TEXT PRIMARY KEY NOT NULL,
    started_at INTEGER NOT NULL,
    state      TEXT NOT NULL
);

CREATE TABLE vault (
    lab_id     TEXT NOT NULL REFERENCES labs (id) ON DELETE CASCADE,
    persona    TEXT NOT NULL,
    arn        TEXT NOT NULL,
    expires_at INTEGER,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (lab_id, persona)
);

CREATE TABLE records (
    lab_id   TEXT NOT NULL REFERENCES labs (id) ON DELETE CASCADE,
    id       INTEGER NOT NULL,
    step     TEXT,
    record   TEXT NOT NULL,
    exchange TEXT NOT NULL,
    PRIMARY KEY (lab_id, id)
);

CREATE INDEX records_by_step ON records (lab_id, step, id);

CREATE TABLE terminal (
    lab_id TEXT NOT NULL REFERENCES labs (id) ON DELETE CASCADE,
    id     INTEGER NOT NULL,
    entry  TEXT NOT NULL,
    PRIMARY KEY (lab_id, id)
);

CREATE TABLE files (
    lab_id   TEXT NOT NULL REFERENCES labs (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    modified INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (lab_id, name)
);

CREATE TABLE drafts (
    lab_id  TEXT NOT NULL REFERENCES labs (id) ON DELETE CASCADE,
    form_id TEXT NOT NULL,
    draft   TEXT NOT NULL,
    PRIMARY KEY (lab_id, form_id)
);
