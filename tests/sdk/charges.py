"""The official Python SDK, unmodified, against the provider: only the base address is changed.

Expects PAYMENT_API_URL and PAYMENT_API_KEY, a provider that loses the first answer to
payment msg-0002, and an equal request in flight with the key "held-msg-0003".
"""

import os

import stripe

CARD = {"amount": 1000, "currency": "usd", "source": "tok_visa"}
client = stripe.StripeClient(
    os.environ["PAYMENT_API_KEY"],
    base_addresses={"api": os.environ["PAYMENT_API_URL"]},
    max_network_retries=0,
)
charges = client.v1.charges


def charge(key, **changes):
    return charges.create({**CARD, **changes}, {"idempotency_key": key})


def failure(error, action):
    try:
        result = action()
    except stripe.StripeError as raised:
        assert type(raised) is error, f"{error.__name__} was expected, got {raised!r}"
        return raised
    raise AssertionError(f"{error.__name__} was expected, got {result}")


first = charge("k1", metadata={"payment_id": "msg-0001", "order": "o1"})
assert first.object == "charge" and first.paid and first.status == "succeeded", first
assert (first.amount, first.currency) == (1000, "usd"), first
assert first.metadata["order"] == "o1", first
assert first.last_response.headers["idempotency-key"] == "k1"
assert "idempotent-replayed" not in first.last_response.headers

again = charge("k1", metadata={"payment_id": "msg-0001", "order": "o1"})
assert again.id == first.id
assert again.last_response.headers["idempotent-replayed"] == "true"

mismatch = failure(stripe.IdempotencyError, lambda: charge("k1", amount=2000))
assert mismatch.http_status == 400, mismatch

in_flight = failure(stripe.APIError, lambda: charge("held-msg-0003"))
assert in_flight.http_status == 409, in_flight
assert in_flight.error.code == "idempotency_key_in_use", in_flight

declined = failure(stripe.CardError, lambda: charge("k2", source="tok_chargeDeclined"))
assert (declined.http_status, declined.code) == (402, "card_declined"), declined

invalid = failure(stripe.InvalidRequestError, lambda: charges.create({"currency": "usd"}))
assert (invalid.param, invalid.code) == ("amount", "parameter_missing"), invalid

missing = failure(stripe.InvalidRequestError, lambda: charges.retrieve("ch_x"))
assert (missing.http_status, missing.code) == (404, "resource_missing"), missing

stranger = stripe.StripeClient(
    "sk_test_unknown", base_addresses={"api": os.environ["PAYMENT_API_URL"]}
)
unknown = failure(stripe.AuthenticationError, lambda: stranger.v1.charges.list())
assert unknown.http_status == 401 and unknown.request_id.startswith("req_"), unknown

assert charges.retrieve(first.id).id == first.id
updated = charges.update(first.id, {"metadata": {"order": "o2"}})
assert updated.metadata["order"] == "o2", updated

retrying = stripe.StripeClient(
    os.environ["PAYMENT_API_KEY"],
    base_addresses={"api": os.environ["PAYMENT_API_URL"]},
    max_network_retries=2,
)
lost = retrying.v1.charges.create(CARD, {"idempotency_key": "lost-msg-0002"})
assert lost.last_response.headers["idempotent-replayed"] == "true"

listed = [c.id for c in charges.list({"limit": 1}).auto_paging_iter()]
assert listed[:2] == [lost.id, first.id], listed
print(stripe.VERSION)
