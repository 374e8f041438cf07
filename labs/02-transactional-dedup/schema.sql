-- What is paid for. Orders are there before their payments: one for each payment of the run, whose own
-- word is the end of the id. The lab counts every time that a row is set to 'paid', because a warehouse
-- that reads this table's changes sends a parcel for each.
CREATE TABLE orders (
    order_id text PRIMARY KEY,
    status   text NOT NULL DEFAULT 'open',
    paid_by  text -- the id of the payment
);
INSERT INTO orders (order_id)
SELECT 'order-' || lpad(n::text, greatest(4, length(n::text)), '0') || '-' || current_setting('crashwindow.run')
FROM generate_series(1, current_setting('crashwindow.payments')::int) AS n;

-- The marker: one row for each payment that was dealt with. Its primary key is the UNIQUE(msg_id)
-- that decides, if the row is written in the transaction of the effect.
CREATE TABLE processed (
    msg_id text PRIMARY KEY
);
