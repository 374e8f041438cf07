"""Retries, keys and payment intents with the official Python SDK: only the base address is changed.

Expects PAYMENT_API_URL and PAYMENT_API_KEY, and a provider that does to the first request for
payments msg-1001 to msg-1012 what tests/provider_sdks.rs says. That also counts what arrived.
"""

import os

import stripe

URL, KEY = os.environ["PAYMENT_API_URL"], os.environ["PAYMENT_API_KEY"]
# The global API, as most programs use it: nothing is said of keys or retries.
stripe.api_base, stripe.api_key = URL, KEY


def client(**options):
    return stripe.StripeClient(KEY, base_addresses={"api": URL}, **options).v1


def order(payment, **changes):
    metadata = {"payment_id": payment}
    return {"amount": 1000, "currency": "usd", "source": "tok_visa", "metadata": metadata, **changes}


def intent(payment, **changes):
    card = {"payment_method": "pm_card_visa", **changes}
    return {"amount": 1000, "currency": "usd", "metadata": {"payment_id": payment}, **card}


def failure(error, action):
    try:
        result = action()
    except stripe.StripeError as raised:
        assert type(raised) is error, f"{error.__name__} was expected, got {raised!r}"
        return raised
    raise AssertionError(f"{error.__name__} was expected, got {result}")


def replayed(result):
    return result.last_response.headers.get("idempotent-replayed") == "true"


# 503 before execution, without Stripe-Should-Retry: retried.
assert not replayed(stripe.Charge.create(**order("msg-1001")))
# The answer is lost: the retry carries the same key of the SDK's own, or it would charge again.
assert replayed(stripe.Charge.create(**order("msg-1002")))
# No answer in time, then 409 while the first is in flight, then its result.
patient = client(http_client=stripe.RequestsClient(timeout=5), max_network_retries=2)
assert replayed(patient.charges.create(order("msg-1003")))
# 500 after execution says Stripe-Should-Retry: false.
failed = failure(stripe.APIError, lambda: stripe.Charge.create(**order("msg-1004")))
assert (failed.http_status, failed.headers["stripe-should-retry"]) == (500, "false"), failed
# 429 lock_timeout says true, 429 rate_limit says nothing.
assert stripe.Charge.create(**order("msg-1005")).paid
limited = failure(stripe.RateLimitError, lambda: stripe.Charge.create(**order("msg-1006")))
assert (limited.http_status, limited.error.code) == (429, "rate_limit"), limited
assert "stripe-should-retry" not in limited.headers, limited.headers
# A client that was told nothing of retries does none.
impatient = client().charges
failed = failure(stripe.APIError, lambda: impatient.create(order("msg-1007")))
assert failed.http_status == 503, failed
failure(stripe.APIConnectionError, lambda: impatient.create(order("msg-1008")))

# Payment intents: created, changed, confirmed.
created = stripe.PaymentIntent.create(**intent("msg-1009", payment_method=None))
assert created.status == "requires_payment_method", created
changed = stripe.PaymentIntent.modify(created.id, payment_method="pm_card_visa")
assert changed.status == "requires_confirmation", changed
paid = stripe.PaymentIntent.confirm(created.id, expand=["latest_charge"])
assert (paid.status, paid.amount_received) == ("succeeded", 1000), paid
assert paid.latest_charge.payment_intent == created.id, paid
assert stripe.PaymentIntent.retrieve(created.id).latest_charge == paid.latest_charge.id
again = failure(stripe.InvalidRequestError, lambda: stripe.PaymentIntent.confirm(created.id))
assert (again.http_status, again.code) == (400, "payment_intent_unexpected_state"), again
assert again.error.payment_intent.id == created.id, again

# Confirmed at once; the answer is lost.
lost = stripe.PaymentIntent.create(**intent("msg-1010", confirm=True))
assert replayed(lost) and lost.status == "succeeded", lost

# Declined, then paid with another card. Parameters nest, in lists and maps.
method = {"type": "card", "card": {"token": "tok_visa_chargeDeclinedInsufficientFunds"}}
described = intent("msg-1011", confirm=True, payment_method_data=method)
described = {**described, "payment_method_types": ["card", "link"]}
del described["payment_method"]
described["metadata"]["note & sum"] = "a=b [1] ü"
declined = failure(stripe.CardError, lambda: stripe.PaymentIntent.create(**described))
assert (declined.http_status, declined.code) == (402, "card_declined"), declined
assert declined.error.decline_code == "insufficient_funds", declined
kept = declined.error.payment_intent
assert kept.status == "requires_payment_method", kept
assert kept.last_payment_error.code == "card_declined", kept
assert kept.metadata["note & sum"] == "a=b [1] ü", kept
assert kept.payment_method_types == ["card", "link"], kept
assert stripe.PaymentIntent.confirm(kept.id, payment_method="pm_card_visa").status == "succeeded"

canceled = stripe.PaymentIntent.create(**intent("msg-1012"))
canceled = stripe.PaymentIntent.cancel(canceled.id, cancellation_reason="duplicate")
assert (canceled.status, canceled.cancellation_reason) == ("canceled", "duplicate"), canceled

listed = [i.id for i in stripe.PaymentIntent.list(limit=2).auto_paging_iter()]
assert listed == [canceled.id, kept.id, lost.id, created.id], listed
missing = failure(stripe.InvalidRequestError, lambda: stripe.PaymentIntent.retrieve("pi_x"))
assert (missing.http_status, missing.code) == (404, "resource_missing"), missing
print(stripe.VERSION)
