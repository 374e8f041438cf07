"""Claim first, act inside the claim: confluent-kafka, psycopg and Stripe's own SDK.

Promised:      every payment is charged, and the customer is charged once.
Not promised:  that a frozen instance cannot hold up its successor: it holds the row lock.
"""

import json
import os

import psycopg
import stripe
from confluent_kafka import Consumer, KafkaException

consumer = Consumer(
    {
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        "group.id": os.environ["KAFKA_GROUP_ID"],
        "client.id": os.environ["CONSUMER_ID"],
        "enable.auto.commit": False,  # only the commit below moves our position
        "auto.offset.reset": "earliest",  # no position yet: start at the first payment
        "heartbeat.interval.ms": 100,  # how soon we hear that the group rebalances
    }
)
consumer.subscribe([os.environ["KAFKA_TOPIC"]])
db = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
payments = stripe.StripeClient(
    os.environ["PAYMENT_API_KEY"],
    base_addresses={"api": os.environ["PAYMENT_API_URL"]},
    # One call is one request. A StripeClient does not retry anyway, but stripe.Charge.create does,
    # twice: said here, so that moving between the two changes nothing.
    max_network_retries=0,
)


def charge(payment):
    # The key is made from the payment: a second call is answered with the first one's charge.
    payments.v1.charges.create(
        {
            "amount": payment["amount"],
            "currency": payment["currency"],
            "source": "tok_visa",
            "metadata": {"payment_id": payment["id"]},
        },
        {"idempotency_key": payment["id"]},
    )


while True:
    record = consumer.poll(1.0)
    if record is None:
        continue
    if record.error():
        raise KafkaException(record.error())
    payment = json.loads(record.value())

    with db.transaction():
        insert = "INSERT INTO processed (msg_id) VALUES (%s) ON CONFLICT DO NOTHING"
        if db.execute(insert, [payment["id"]]).rowcount == 1:
            charge(payment)

    consumer.commit(record, asynchronous=False)
