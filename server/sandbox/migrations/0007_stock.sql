-- What an account holds in S3, changed in the transaction that changes it. An account without a row holds nothing.
CREATE TABLE stock (
    account  TEXT PRIMARY KEY,
    bytes    BIGINT NOT NULL,
    objects  BIGINT NOT NULL
);
