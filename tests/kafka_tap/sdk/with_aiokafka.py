"""Consumes ten payments with aiokafka, commits each, and prints where it was."""

import asyncio
import os

from aiokafka import AIOKafkaConsumer, TopicPartition


async def main():
    consumer = AIOKafkaConsumer(
        os.environ["KAFKA_TOPIC"],
        bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        group_id=os.environ["KAFKA_GROUP_ID"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    for _ in range(10):
        record = await asyncio.wait_for(consumer.getone(), 60)
        partition = TopicPartition(record.topic, record.partition)
        await consumer.commit({partition: record.offset + 1})
        ids = dict(record.headers)
        print(record.partition, record.offset, ids["message-id"].decode())
    await consumer.stop()


asyncio.run(main())
