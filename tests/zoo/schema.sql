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
