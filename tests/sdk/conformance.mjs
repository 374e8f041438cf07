// Retries, keys and payment intents with the official Node SDK: only the base address is changed.
//
// Expects PAYMENT_API_URL and PAYMENT_API_KEY, and a provider that does to the first request for
// payments msg-1001 to msg-1012 what tests/provider_sdks.rs says. That also counts what arrived.

import assert from "node:assert/strict";
import Stripe from "stripe";

const url = new URL(process.env.PAYMENT_API_URL);
const connect = (options) =>
  new Stripe(process.env.PAYMENT_API_KEY, {
    host: url.hostname,
    port: url.port,
    protocol: "http",
    ...options,
  });
// As most programs use it: nothing is said of keys or retries.
const stripe = connect({});
const order = (payment, changes = {}) => ({
  amount: 1000,
  currency: "usd",
  metadata: { payment_id: payment },
  ...changes,
});
const charge = (payment, client = stripe) =>
  client.charges.create(order(payment, { source: "tok_visa" }));
const intent = (payment, changes = {}) =>
  stripe.paymentIntents.create(order(payment, { payment_method: "pm_card_visa", ...changes }));
const failure = async (type, request) => {
  const error = await request.then(
    (result) => assert.fail(`${type} was expected, got ${JSON.stringify(result)}`),
    (raised) => raised,
  );
  assert.equal(error.type, type, String(error.stack));
  return error;
};
const replayed = (result) => result.lastResponse.headers["idempotent-replayed"] === "true";

// 503 before execution, without Stripe-Should-Retry: retried.
assert(!replayed(await charge("msg-1001")));
// The answer is lost: the retry carries the same key of the SDK's own, or it would charge again.
assert(replayed(await charge("msg-1002")));
// No answer in time, then 409 while the first is in flight, then its result.
assert(replayed(await charge("msg-1003", connect({ timeout: 5000 }))));
// 500 after execution says Stripe-Should-Retry: false.
const failed = await failure("StripeAPIError", charge("msg-1004"));
assert.equal(failed.statusCode, 500);
assert.equal(failed.headers["stripe-should-retry"], "false");
// 429 lock_timeout says true, 429 rate_limit says nothing.
assert((await charge("msg-1005")).paid);
const limited = await failure("StripeRateLimitError", charge("msg-1006"));
assert.equal(limited.code, "rate_limit");
assert.equal(limited.headers["stripe-should-retry"], undefined);
// Told to do no retry, it does none after 503, and one after a lost answer all the same.
const impatient = connect({ maxNetworkRetries: 0 });
const refused = await failure("StripeAPIError", charge("msg-1007", impatient));
assert.equal(refused.statusCode, 503);
assert(replayed(await charge("msg-1008", impatient)));

// Payment intents: created, changed, confirmed.
const created = await intent("msg-1009", { payment_method: undefined });
assert.equal(created.status, "requires_payment_method");
const changed = await stripe.paymentIntents.update(created.id, { payment_method: "pm_card_visa" });
assert.equal(changed.status, "requires_confirmation");
const paid = await stripe.paymentIntents.confirm(created.id, { expand: ["latest_charge"] });
assert.equal(paid.status, "succeeded");
assert.equal(paid.amount_received, 1000);
assert.equal(paid.latest_charge.payment_intent, created.id);
const retrieved = await stripe.paymentIntents.retrieve(created.id);
assert.equal(retrieved.latest_charge, paid.latest_charge.id);
const again = await failure(
  "StripeInvalidRequestError",
  stripe.paymentIntents.confirm(created.id),
);
assert.equal(again.code, "payment_intent_unexpected_state");
assert.equal(again.payment_intent.id, created.id);

// Confirmed at once; the answer is lost.
const lost = await intent("msg-1010", { confirm: true });
assert(replayed(lost));
assert.equal(lost.status, "succeeded");

// Declined, then paid with another card. Parameters nest, in lists and maps.
const token = "tok_visa_chargeDeclinedInsufficientFunds";
const declined = await failure(
  "StripeCardError",
  intent("msg-1011", {
    payment_method: undefined,
    payment_method_data: { type: "card", card: { token } },
    payment_method_types: ["card", "link"],
    metadata: { payment_id: "msg-1011", "note & sum": "a=b [1] ü" },
    confirm: true,
  }),
);
assert.equal(declined.statusCode, 402);
assert.equal(declined.decline_code, "insufficient_funds");
const kept = declined.payment_intent;
assert.equal(kept.status, "requires_payment_method");
assert.equal(kept.last_payment_error.code, "card_declined");
assert.equal(kept.metadata["note & sum"], "a=b [1] ü");
assert.deepEqual(kept.payment_method_types, ["card", "link"]);
const other = { payment_method: "pm_card_visa" };
assert.equal((await stripe.paymentIntents.confirm(kept.id, other)).status, "succeeded");

const open = await intent("msg-1012");
const reason = { cancellation_reason: "duplicate" };
const canceled = await stripe.paymentIntents.cancel(open.id, reason);
assert.equal(canceled.status, "canceled");
assert.equal(canceled.cancellation_reason, "duplicate");

const listed = [];
for await (const { id } of stripe.paymentIntents.list({ limit: 2 })) listed.push(id);
assert.deepEqual(listed, [canceled.id, kept.id, lost.id, created.id]);
const missing = await failure("StripeInvalidRequestError", stripe.paymentIntents.retrieve("pi_x"));
assert.equal(missing.statusCode, 404);
assert.equal(missing.code, "resource_missing");
console.log(Stripe.PACKAGE_VERSION);
// The SDK leaves the answers that it retries unread, and their sockets keep the process for 80 s.
process.exit();
