-- Dedup and effect of a whole batch in one statement, so that both are there or neither is. The key
-- decides; topic, partition and offset are evidence. Sorted, because unsorted batches deadlock.
WITH batch AS (
    SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::bigint[])
        AS b (key, partition, "offset", payment, amount)
),
claimed AS (
    INSERT INTO processed (key, topic, partition, "offset")
    SELECT key, $6, partition, "offset" FROM batch ORDER BY key
    ON CONFLICT DO NOTHING
    RETURNING key, partition, "offset"
),
paid AS (
    INSERT INTO ledger (payment, amount)
    SELECT payment, amount FROM claimed JOIN batch USING (key, partition, "offset")
)
SELECT partition, "offset" FROM claimed
