"""psycopg 3 does a bit of everything and prints what came of it; nothing here knows of a tap."""

import os
import threading

import psycopg
from psycopg.rows import dict_row

with psycopg.connect(os.environ["DATABASE_URL"]) as conn:
    with conn.transaction():
        seen = conn.execute("SELECT 1 FROM paid WHERE id = %s", ["msg-0001"]).fetchone()
        print("seen", seen)
        conn.execute("INSERT INTO paid VALUES (%s, %s)", ["msg-0001", 5])
    try:
        with conn.transaction():
            conn.execute("INSERT INTO paid VALUES (%s, %s)", ["msg-0001", 6])
    except psycopg.errors.UniqueViolation as error:
        print(error.sqlstate, error.diag.constraint_name)
    with conn.transaction():
        try:
            with conn.transaction():
                conn.execute("INSERT INTO paid VALUES (%b, %b)", ["msg-0001", 7])
        except psycopg.errors.UniqueViolation:
            print("savepoint")
        conn.execute("INSERT INTO paid VALUES (%b, %b)", ["msg-0002", 7], prepare=True)

    with conn.pipeline() as pipeline:
        one = conn.execute("INSERT INTO paid VALUES (%s, 1) RETURNING id", ["msg-0003"])
        two = conn.execute("SELECT count(*) FROM paid WHERE id <> %s", ["msg-0003"])
        pipeline.sync()
        print(one.fetchone(), two.fetchone())
        three = conn.execute("SELECT %s::int * 2", [21])
        print("flushed", three.fetchone())
    conn.commit()
    try:
        with conn.pipeline():
            conn.execute("INSERT INTO paid VALUES ('msg-0004', 1)")
            conn.execute("SELECT 1 / 0")
            conn.execute("INSERT INTO paid VALUES ('msg-0005', 1)")
    except psycopg.errors.DivisionByZero:
        print("pipeline aborted")
    conn.rollback()

    with conn.cursor() as cursor:
        rows = [(f"msg-{n}", n) for n in range(1000, 1020)]
        cursor.executemany("INSERT INTO paid VALUES (%s, %s)", rows)
        print("many", cursor.rowcount)
        with cursor.copy("COPY paid FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["text", "int4"])
            for n in range(2000, 12000):
                copy.write_row((f"msg-{n}", n))
        with cursor.copy("COPY paid TO STDOUT") as copy:
            print("copied", sum(1 for _ in copy.rows()))
    with conn.cursor("named", row_factory=dict_row) as cursor:
        cursor.execute("SELECT * FROM paid ORDER BY id")
        print("cursor", cursor.fetchmany(3), len(cursor.fetchall()))
    conn.commit()

    conn.autocommit = True
    timer = threading.Timer(0.2, conn.cancel_safe)
    timer.start()
    try:
        conn.execute("SELECT pg_sleep(600)")
    except psycopg.errors.QueryCanceled as error:
        print("cancelled", error.sqlstate)
    timer.join()
    print("large", len(conn.execute("SELECT repeat('x', 5000000)").fetchone()[0]))
    print(conn.execute("SELECT count(*), sum(amount) FROM paid").fetchone())
