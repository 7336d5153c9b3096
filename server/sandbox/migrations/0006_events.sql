-- CloudTrail's management events, a row for each account that an event is delivered to.
CREATE TABLE events (
    account    TEXT NOT NULL,
    -- When it happened, in microseconds of Unix time: with the id, the order in which events are looked up.
    place      BIGINT NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    source     TEXT NOT NULL,
    read_only  TEXT NOT NULL,
    username   TEXT NOT NULL,
    access_key TEXT NOT NULL,
    -- Types and names of its resources, as JSON.
    resources  TEXT NOT NULL,
    -- The whole record, as JSON.
    record     TEXT NOT NULL,
    PRIMARY KEY (account, place, id)
);
