// The official Node SDK, unmodified, against the provider: only the base address is changed.
//
// Expects PAYMENT_API_URL and PAYMENT_API_KEY, a provider that loses the first answer to
// payment msg-0002, and an equal request in flight with the key "held-msg-0003".

import assert from "node:assert/strict";
import Stripe from "stripe";

const url = new URL(process.env.PAYMENT_API_URL);
const connect = (key, maxNetworkRetries) =>
  new Stripe(key, { host: url.hostname, port: url.port, protocol: "http", maxNetworkRetries });
const stripe = connect(process.env.PAYMENT_API_KEY, 0);
const card = { amount: 1000, currency: "usd", source: "tok_visa" };
const charge = (idempotencyKey, changes = {}) =>
  stripe.charges.create({ ...card, ...changes }, { idempotencyKey });
const failure = async (type, request) => {
  const error = await request.then(
    (result) => assert.fail(`${type} was expected, got ${JSON.stringify(result)}`),
    (raised) => raised,
  );
  assert.equal(error.type, type, String(error.stack));
  return error;
};

const named = { metadata: { payment_id: "msg-0001", order: "o1" } };
const first = await charge("k1", named);
assert.equal(first.object, "charge");
assert.equal(first.status, "succeeded");
assert.equal(first.metadata.order, "o1");
assert.equal(first.lastResponse.headers["idempotency-key"], "k1");
assert.equal(first.lastResponse.headers["idempotent-replayed"], undefined);

const again = await charge("k1", named);
assert.equal(again.id, first.id);
assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");

const mismatch = await failure("StripeIdempotencyError", charge("k1", { amount: 2000 }));
assert.equal(mismatch.statusCode, 400);

const inFlight = await failure("StripeAPIError", charge("held-msg-0003"));
assert.equal(inFlight.statusCode, 409);
assert.equal(inFlight.code, "idempotency_key_in_use");

const declined = await failure("StripeCardError", charge("k2", { source: "tok_chargeDeclined" }));
assert.equal(declined.statusCode, 402);
assert.equal(declined.code, "card_declined");

const invalid = await failure(
  "StripeInvalidRequestError",
  stripe.charges.create({ currency: "usd" }),
);
assert.equal(invalid.param, "amount");

const missing = await failure("StripeInvalidRequestError", stripe.charges.retrieve("ch_x"));
assert.equal(missing.statusCode, 404);

const unknown = connect("sk_test_unknown", 0).charges.list();
const refused = await failure("StripeAuthenticationError", unknown);
assert.match(refused.requestId, /^req_/);

assert.equal((await stripe.charges.retrieve(first.id)).id, first.id);
const updated = await stripe.charges.update(first.id, { metadata: { order: "o2" } });
assert.equal(updated.metadata.order, "o2");

const retrying = connect(process.env.PAYMENT_API_KEY, 2);
const lost = await retrying.charges.create(card, { idempotencyKey: "lost-msg-0002" });
assert.equal(lost.lastResponse.headers["idempotent-replayed"], "true");

const listed = [];
for await (const { id } of stripe.charges.list({ limit: 1 })) listed.push(id);
assert.deepEqual(listed.slice(0, 2), [lost.id, first.id]);
console.log(Stripe.PACKAGE_VERSION);
