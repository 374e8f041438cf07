-- One row for each payment that was dealt with. The primary key is the whole defence: two
-- transactions that insert the same msg_id cannot both commit. A consumer that only looks here
-- before it acts does not use it.
CREATE TABLE processed (
    msg_id text PRIMARY KEY
);
