-- The tables of all the zoo's consumers; each uses one.

-- Of the INSERT-first consumers: one row for each payment that was dealt with.
CREATE TABLE claims (
    msg_id text PRIMARY KEY
);

-- Of zoo-slow-act: one row for each payment that was charged, as in lab 1.
CREATE TABLE processed (
    msg_id text PRIMARY KEY
);

-- Of zoo-dedup-offset: one row for each place in the log. The payment's id is a remark here, and
-- that is what is wrong with it.
CREATE TABLE claimed_offsets (
    topic text,
    partition int,
    log_offset bigint,
    msg_id text NOT NULL,
    PRIMARY KEY (topic, partition, log_offset)
);

-- Of zoo-durable-worker: the payments that it has promised to charge, as JSON.
CREATE TABLE work (
    msg_id text PRIMARY KEY,
    payment text NOT NULL,
    charged boolean NOT NULL DEFAULT false
);

-- Of zoo-order: one row for each order that was paid. The payment's id is nowhere.
CREATE TABLE paid_orders (
    order_id text PRIMARY KEY
);

-- Of zoo-pickled: payments to be charged, deflated. A job is known by its number alone.
CREATE TABLE jobs (
    id bigserial PRIMARY KEY,
    body bytea NOT NULL,
    done boolean NOT NULL DEFAULT false
);

-- Of zoo-sealed: one row for each payment that was dealt with; a keyed hash of its id, and the
-- payment encrypted.
CREATE TABLE sealed (
    tag bytea PRIMARY KEY,
    body bytea NOT NULL
);

-- Of zoo-coordinates: one row for each place in the log, as text.
CREATE TABLE places (
    place text PRIMARY KEY
);

-- Of zoo-batch: the effect itself, one row for each payment.
CREATE TABLE ledger (
    msg_id text PRIMARY KEY,
    amount bigint NOT NULL
);

-- Of zoo-queue: the payments that it has taken over, as JSON.
CREATE TABLE queue (
    msg_id text PRIMARY KEY,
    payment text NOT NULL,
    taken boolean NOT NULL DEFAULT false,
    charged boolean NOT NULL DEFAULT false
);

-- Of zoo-double-entry: two rows for each payment, whose amounts cancel each other.
CREATE TABLE entries (
    msg_id text,
    account text,
    amount bigint NOT NULL,
    PRIMARY KEY (msg_id, account)
);
