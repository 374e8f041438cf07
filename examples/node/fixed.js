// Claim first, act inside the claim: kafkajs, node-postgres and Stripe's own SDK.
//
// Promised:      every payment is charged, and the customer is charged once.
// Not promised:  that a frozen instance cannot hold up its successor: it holds the row lock.

import { Kafka } from "kafkajs";
import pg from "pg";
import Stripe from "stripe";

const env = process.env;
const api = new URL(env.PAYMENT_API_URL);
const stripe = new Stripe(env.PAYMENT_API_KEY, {
  host: api.hostname,
  port: api.port,
  protocol: api.protocol.replace(":", ""),
  // One call is one request, but for a reset connection: that, the SDK tries again once even so.
  maxNetworkRetries: 0,
});
// Nobody listens for its "error": when the connection breaks, the process ends and is replaced.
const db = new pg.Client(env.DATABASE_URL);
await db.connect();

const kafka = new Kafka({
  clientId: env.CONSUMER_ID,
  brokers: env.KAFKA_BOOTSTRAP_SERVERS.split(","),
});
const consumer = kafka.consumer({
  groupId: env.KAFKA_GROUP_ID,
  heartbeatInterval: 100, // how soon we hear that the group rebalances,
  maxWaitTimeInMs: 100, // and kafkajs sends no heartbeat while it waits for records
});
await consumer.connect();
// No position yet: start at the first payment.
await consumer.subscribe({ topics: [env.KAFKA_TOPIC], fromBeginning: true });

const charge = ({ id, amount, currency }) =>
  stripe.charges.create(
    { amount, currency, source: "tok_visa", metadata: { payment_id: id } },
    // Made from the payment: a second call is answered with the first one's charge.
    { idempotencyKey: id },
  );

await consumer.run({
  autoCommit: false, // only the commit below moves our position
  eachMessage: async ({ topic, partition, message }) => {
    const payment = JSON.parse(message.value);

    try {
      await db.query("BEGIN");
      const insert = "INSERT INTO processed (msg_id) VALUES ($1) ON CONFLICT DO NOTHING";
      const claim = await db.query(insert, [payment.id]);
      if (claim.rowCount === 1) await charge(payment);
      await db.query("COMMIT");
    } catch (error) {
      // Thrown on, it would make kafkajs call us again on this same connection: were the transaction
      // still open, we would find our own row in it and take the payment for done.
      console.error(error);
      process.exit(1);
    }

    const next = (BigInt(message.offset) + 1n).toString();
    await consumer.commitOffsets([{ topic, partition, offset: next }]);
  },
});
