"""asyncpg does a bit of everything and prints what came of it; nothing here knows of a tap."""

import asyncio
import os

import asyncpg


async def main():
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=2) as pool:
        async with pool.acquire() as conn:
            await conn.execute("DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('sad', 'ok')")
            # An array of a type that it does not know makes it ask the catalogue.
            print(await conn.fetchval("SELECT ARRAY['ok']::mood[]"))
            async with conn.transaction():
                print(await conn.fetch("SELECT 1 FROM paid WHERE id = $1", "msg-0001"))
                await conn.execute("INSERT INTO paid VALUES ($1, $2)", "msg-0001", 5)
                try:
                    async with conn.transaction():
                        await conn.execute("INSERT INTO paid VALUES ($1, $2)", "msg-0001", 6)
                except asyncpg.UniqueViolationError as error:
                    print(error.sqlstate)
            many = [(f"msg-{n}", n) for n in range(1000, 1020)]
            await conn.executemany("INSERT INTO paid VALUES ($1, $2)", many)
            records = [(f"msg-{n}", n) for n in range(2000, 12000)]
            print(await conn.copy_records_to_table("paid", records=records))
            print(await conn.copy_from_query("SELECT 1", output=lambda data: asyncio.sleep(0)))
            async with conn.transaction():
                cursor = conn.cursor("SELECT id FROM paid ORDER BY id", prefetch=7)
                print(sum([1 async for _ in cursor]))
            try:
                await conn.execute("SELECT pg_sleep(600)", timeout=0.2)
            except asyncio.TimeoutError:
                print("cancelled")
        async with pool.acquire() as conn:
            print(await conn.fetchrow("SELECT count(*), sum(amount) FROM paid"))


asyncio.run(main())
