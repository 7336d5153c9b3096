-- When each user and role last asked for an action in a region, in seconds, to the minute. Rows name entities by their unique
-- ids: renaming one changes nothing, and one made anew under the same name is another.
CREATE TABLE last_accessed (
    account  TEXT NOT NULL,
    entity   TEXT NOT NULL,
    action   TEXT NOT NULL,
    region   TEXT NOT NULL,
    used     BIGINT NOT NULL,
    PRIMARY KEY (account, entity, action, region)
);

-- The last use of each long-term access key that is on record.
CREATE TABLE key_uses (
    access_key  TEXT PRIMARY KEY,
    account     TEXT NOT NULL,
    service     TEXT NOT NULL,
    region      TEXT NOT NULL,
    used        BIGINT NOT NULL
);

CREATE INDEX key_uses_account ON key_uses (account);

-- An account alias belongs to one account.
CREATE UNIQUE INDEX resources_account_aliases ON resources (name) WHERE kind = 'account-alias';
