"""Look first, act second: confluent-kafka, psycopg and Stripe's own SDK.

Promised:      every payment is charged, wherever the process dies.
Not promised:  that it is charged only once.
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
    # Without a key of ours the SDK draws a new one for every call: a second call is a second charge.
    payments.v1.charges.create(
        {
            "amount": payment["amount"],
            "currency": payment["currency"],
            "source": "tok_visa",
            "metadata": {"payment_id": payment["id"]},
        }
    )


while True:
    record = consumer.poll(1.0)
    if record is None:
        continue
    if record.error():
        raise KafkaException(record.error())
    payment = json.loads(record.value())

    seen = db.execute("SELECT 1 FROM processed WHERE msg_id = %s", [payment["id"]])
    if seen.fetchone() is None:
        charge(payment)
        db.execute("INSERT INTO processed (msg_id) VALUES (%s)", [payment["id"]])

    consumer.commit(record, asynchronous=False)
