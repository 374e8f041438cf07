-- What is to be charged. The shop writes an intent before it sends the payment: one for each payment
-- of the run, whose own word is the end of the id. `charge_id` is written when the customer was charged.
CREATE TABLE intents (
    payment_id text PRIMARY KEY,
    tries      int  NOT NULL DEFAULT 0, -- how often somebody has begun to charge it
    charge_id  text
);
INSERT INTO intents (payment_id)
SELECT 'msg-' || lpad(n::text, greatest(4, length(n::text)), '0') || '-' || current_setting('crashwindow.run')
FROM generate_series(1, current_setting('crashwindow.payments')::int) AS n;

-- Of the consumer that claims a payment first: one row for each payment that was claimed.
CREATE TABLE claims (
    payment_id text PRIMARY KEY
);
