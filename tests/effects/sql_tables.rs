//! Transitions in tables of every kind.

use crashwindow::effects::{EffectsError, SqlCounter, Watching};
use crashwindow::event::Marks;

use crate::database::{Database, Orders, PAID, TABLE, line};
use crate::payments;

#[tokio::test]
async fn a_table_that_is_made_later_is_watched_from_its_first_row() {
    let database = Database::create().await;
    let counter = database.counter(PAID).await;
    assert_eq!(counter.watching(), Watching::Ddl);
    let missing = counter.effects().await.unwrap_err();
    assert!(matches!(missing, EffectsError::Missing { .. }), "{missing}");
    assert!(
        missing.to_string().contains("no table public.orders"),
        "{missing}"
    );

    let consumer = database.session().await;
    consumer
        .batch_execute(&format!(
            "BEGIN; CREATE TABLE migrations (); {TABLE}; \
             INSERT INTO orders VALUES ('msg-0001', 'paid'); COMMIT; \
             UPDATE orders SET status = 'paid'"
        ))
        .await
        .unwrap();
    let effects = counter.effects().await.unwrap();
    assert_eq!(payments(&effects), ["msg-0001", "msg-0001"]);

    consumer.batch_execute("DROP TABLE orders").await.unwrap();
    let effects = counter.effects().await.unwrap();
    assert_eq!(effects.len(), 2, "what happened stays counted");
}

#[tokio::test]
async fn a_table_that_becomes_the_watched_one_is_watched() {
    let database = Database::create().await;
    let counter = database.counter(PAID).await;
    let consumer = database.session().await;
    consumer
        .batch_execute(
            "CREATE TABLE orders_new (id text, state text);
             ALTER TABLE orders_new RENAME TO orders;
             ALTER TABLE orders RENAME COLUMN state TO status;
             INSERT INTO orders VALUES ('msg-0001', 'paid')",
        )
        .await
        .unwrap();
    assert_eq!(payments(&counter.effects().await.unwrap()), ["msg-0001"]);
}

const PARTITIONED: &str = "
    CREATE TABLE orders (id text, status text, day int, PRIMARY KEY (id, day))
        PARTITION BY RANGE (day);
    CREATE TABLE monday PARTITION OF orders FOR VALUES FROM (0) TO (1);
    CREATE TABLE tuesday PARTITION OF orders FOR VALUES FROM (1) TO (2)";

#[tokio::test]
async fn a_partitioned_table_counts_like_any_other() {
    let orders = Orders::of(PARTITIONED, PAID).await;
    for sql in [
        "INSERT INTO orders VALUES ('msg-0001', 'new', 0), ('msg-0002', 'paid', 1)",
        "UPDATE orders SET status = 'paid' WHERE id = 'msg-0001'",
        "UPDATE orders SET status = 'paid' WHERE id = 'msg-0001'",
        "UPDATE orders SET id = id WHERE id = 'msg-0001'",
        "UPDATE monday SET status = 'paid'",
        "INSERT INTO tuesday VALUES ('msg-0003', 'paid', 1)",
        "INSERT INTO orders VALUES ('msg-0003', 'paid', 1) \
         ON CONFLICT (id, day) DO UPDATE SET status = 'paid'",
        "INSERT INTO orders VALUES ('msg-0005', 'paid', 1) \
         ON CONFLICT (id, day) DO UPDATE SET status = 'paid'",
    ] {
        assert!(orders.execute(sql).await >= 1, "{sql}");
    }
    // A partition that is added later.
    orders
        .consumer
        .batch_execute(
            "CREATE TABLE wednesday PARTITION OF orders FOR VALUES FROM (2) TO (3);
             INSERT INTO orders VALUES ('msg-0004', 'paid', 2)",
        )
        .await
        .unwrap();
    assert_eq!(
        orders.counted().await,
        [
            line("msg-0002", "INSERT", false),
            line("msg-0001", "UPDATE", false),
            line("msg-0001", "UPDATE", true),
            line("msg-0001", "UPDATE", true),
            line("msg-0003", "INSERT", false),
            line("msg-0003", "UPDATE", true),
            line("msg-0005", "INSERT", false),
            line("msg-0004", "INSERT", false),
        ]
    );
}

#[tokio::test]
async fn a_row_that_moves_to_another_partition_counts_as_if_it_had_stayed() {
    let orders = Orders::of(PARTITIONED, PAID).await;
    for sql in [
        "INSERT INTO orders VALUES ('msg-0001', 'new', 0)",
        "UPDATE orders SET day = 1, status = 'paid'",
        "UPDATE orders SET day = 0",
        "UPDATE orders SET day = 1, status = 'paid'",
        "INSERT INTO orders VALUES ('msg-0002', 'paid', 0)",
    ] {
        assert_eq!(orders.execute(sql).await, 1, "{sql}");
    }
    assert_eq!(
        orders.counted().await,
        [
            line("msg-0001", "UPDATE", false),
            line("msg-0001", "UPDATE", true),
            line("msg-0002", "INSERT", false),
        ]
    );
}

#[tokio::test]
async fn a_statement_that_failed_does_not_hide_the_next() {
    let orders = Orders::of(PARTITIONED, PAID).await;
    orders
        .execute("INSERT INTO orders VALUES ('msg-0001', 'new', 0)")
        .await;
    orders
        .consumer
        .batch_execute("BEGIN; SAVEPOINT s")
        .await
        .unwrap();
    let nowhere = orders
        .consumer
        .execute("UPDATE orders SET day = 9", &[])
        .await;
    assert!(nowhere.is_err(), "there is no such partition");
    orders
        .consumer
        .batch_execute("ROLLBACK TO s; INSERT INTO orders VALUES ('msg-0002', 'paid', 0); COMMIT")
        .await
        .unwrap();
    assert_eq!(orders.counted().await, [line("msg-0002", "INSERT", false)]);
}

#[tokio::test]
async fn hostile_names_are_only_names() {
    let table = r#""Or"ders'; DROP TABLE x; --""#.replace("r\"d", "r\"\"d");
    let schema = format!(
        r#"CREATE TABLE x (); CREATE SCHEMA "a.b";
           CREATE TABLE "a.b".{table} ("select" text, "%I$$%s" text)"#
    );
    let effects = format!(r#""a.b".{table}."%I$$%s" IN ('it''s \ paid', 'ok') BY "select""#);
    let orders = Orders::of(&schema, &effects).await;
    let insert = format!(r#"INSERT INTO "a.b".{table} VALUES ('msg-0001', 'it''s \ paid')"#);
    orders.execute(&insert).await;
    orders
        .execute(&format!(r#"UPDATE "a.b".{table} SET "%I$$%s" = 'ok'"#))
        .await;
    let transitions = orders.transitions().await;
    assert_eq!(transitions[0].is.as_deref(), Some(r"it's \ paid"));
    assert_eq!(transitions[1].is.as_deref(), Some("ok"));
    assert!(transitions[1].repeat, "it was an effect before");
    assert_eq!(transitions.len(), 2);
    orders.execute("INSERT INTO x DEFAULT VALUES").await;
}

#[tokio::test]
async fn any_type_of_column_can_be_watched() {
    let schema = "CREATE TYPE state AS ENUM ('new', 'paid');
         CREATE TABLE t (id int, s state, n int, b boolean, at timestamptz)";
    for (condition, value) in [
        ("s = 'paid'", "'paid', NULL, NULL, NULL"),
        ("n = 2", "NULL, 2, NULL, NULL"),
        ("n IN (1, 2)", "NULL, 2, NULL, NULL"),
        ("b = true", "NULL, NULL, true, NULL"),
        ("at IS NOT NULL", "NULL, NULL, NULL, now()"),
    ] {
        let orders = Orders::of(schema, &format!("t.{condition} BY id")).await;
        orders.execute("INSERT INTO t (id) VALUES (1)").await;
        orders
            .execute(&format!("INSERT INTO t VALUES (2, {value})"))
            .await;
        let effects = orders.counter.effects().await.unwrap();
        assert_eq!(payments(&effects), ["2"], "{condition}");
    }
}

#[tokio::test]
async fn a_table_that_does_not_fit_is_refused_with_postgres_own_words() {
    let cases = [
        ("CREATE TABLE orders (id text)", PAID, "status"),
        ("CREATE TABLE orders (status text)", PAID, "id"),
        (
            "CREATE TYPE s AS ENUM ('new'); CREATE TABLE orders (id text, status s)",
            PAID,
            "invalid input value for enum",
        ),
        (
            "CREATE VIEW orders AS SELECT 'x' AS id, 'y' AS status",
            PAID,
            "is a view",
        ),
    ];
    for (schema, effects, expected) in cases {
        let database = Database::create().await;
        let session = database.session().await;
        session.batch_execute(schema).await.unwrap();
        let opened = SqlCounter::open(session, effects.parse().unwrap(), Marks::default()).await;
        let error = opened.err().expect(schema);
        assert!(matches!(error, EffectsError::Unwatched { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
