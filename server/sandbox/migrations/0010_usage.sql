-- What an account holds in S3, changed in the transaction that changes it. An account without a row holds nothing.
CREATE TABLE usage (
    account  TEXT PRIMARY KEY,
    -- Counts changes, so that of two answers the newer one is known.
    version  BIGINT NOT NULL,
    bytes    BIGINT NOT NULL,
    objects  BIGINT NOT NULL
);
