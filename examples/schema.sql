-- One row for each payment that was dealt with; every example uses this table and no other. The
-- primary key is what the fixed consumers stand on: two transactions that insert the same msg_id
-- cannot both commit.
CREATE TABLE processed (
    msg_id text PRIMARY KEY
);
