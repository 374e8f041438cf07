-- One row for each payment that was dealt with. The key is the payment's id and nothing else; where
-- the record was is kept as evidence, so that a hit can be told: the same record again, or the same
-- payment in another record.
CREATE TABLE processed (
    key text PRIMARY KEY,
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL
);

-- What the customers feel: a line for each time that a payment took effect. Nothing here prevents a
-- second line for a payment, so that it can be counted.
CREATE TABLE ledger (
    entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment text NOT NULL,
    amount bigint NOT NULL
);
CREATE INDEX ON ledger (payment, entry);
