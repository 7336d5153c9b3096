-- The last use of each KMS key. The row `tracking` says since when uses are recorded.
CREATE TABLE key_last_uses (
    key_arn    TEXT PRIMARY KEY,
    operation  TEXT NOT NULL,
    used       BIGINT NOT NULL,
    request    TEXT NOT NULL
);
