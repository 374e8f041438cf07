"""Consumes ten payments with confluent-kafka, commits each, and prints where it was."""

import os

from confluent_kafka import Consumer

consumer = Consumer(
    {
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        "group.id": os.environ["KAFKA_GROUP_ID"],
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
)
consumer.subscribe([os.environ["KAFKA_TOPIC"]])
for _ in range(10):
    record = consumer.poll(60)
    assert record is not None and not record.error(), record and record.error()
    consumer.commit(record, asynchronous=False)
    ids = dict(record.headers())
    print(record.partition(), record.offset(), ids["message-id"].decode())
consumer.close()
