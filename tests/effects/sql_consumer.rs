//! What a consumer does to its session and its tables changes neither what is counted nor what it
//! sees.

use crate::database::{Database, Orders, PAID, TABLE, line};
use crate::payments;

#[tokio::test]
async fn a_consumer_that_shadows_postgres_changes_nothing() {
    let orders = Orders::new().await;
    orders
        .consumer
        .batch_execute(
            "CREATE SCHEMA evil;
             CREATE FUNCTION evil.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
             CREATE FUNCTION evil.txid_current() RETURNS bigint LANGUAGE sql AS 'SELECT 7::bigint';
             CREATE FUNCTION evil.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
             CREATE OPERATOR evil.= (FUNCTION = evil.never, LEFTARG = text, RIGHTARG = text);
             CREATE TABLE evil.audit ();
             CREATE TABLE evil.orders (id text, status text);
             SET search_path = evil, public, pg_catalog",
        )
        .await
        .unwrap();
    orders
        .execute("INSERT INTO public.orders VALUES ('msg-0001', 'paid')")
        .await;
    // The tables are made again while the session is so.
    orders
        .consumer
        .batch_execute(&format!(
            "DROP TABLE public.orders; {}",
            TABLE.replace("TABLE orders", "TABLE public.orders")
        ))
        .await
        .unwrap();
    orders
        .execute("INSERT INTO public.orders VALUES ('msg-0001', 'paid')")
        .await;
    orders
        .execute("INSERT INTO evil.orders VALUES ('msg-0002', 'paid')")
        .await;
    let effects = orders.counter.effects().await.unwrap();
    assert_eq!(payments(&effects), ["msg-0001", "msg-0001"]);
    assert!(orders.transitions().await.iter().all(|t| t.txid != 7));
}

#[tokio::test]
async fn a_consumer_that_switches_triggers_off_is_counted() {
    let orders = Orders::new().await;
    orders
        .consumer
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    orders
        .execute("INSERT INTO orders VALUES ('msg-0001', 'paid')")
        .await;
    orders
        .consumer
        .batch_execute("ALTER TABLE orders DISABLE TRIGGER ALL")
        .await
        .unwrap();
    orders
        .execute("INSERT INTO orders VALUES ('msg-0002', 'paid')")
        .await;
    let effects = orders.counter.effects().await.unwrap();
    assert_eq!(payments(&effects), ["msg-0001", "msg-0002"]);
}

#[tokio::test]
async fn a_role_that_may_not_see_the_audit_is_counted() {
    let orders = Orders::new().await;
    let role = format!("effects_app_{:016x}", rand::random::<u64>());
    orders
        .consumer
        .batch_execute(&format!(
            "CREATE ROLE {role}; GRANT SELECT, INSERT, UPDATE ON orders TO {role}; SET ROLE {role}"
        ))
        .await
        .unwrap();
    orders
        .execute("INSERT INTO orders VALUES ('msg-0001', 'paid')")
        .await;
    orders.execute("UPDATE orders SET status = 'paid'").await;
    let effects = orders.counter.effects().await.unwrap();
    assert_eq!(payments(&effects), ["msg-0001", "msg-0001"]);
    let audit = orders
        .consumer
        .execute("DELETE FROM crashwindow.audit", &[]);
    assert!(audit.await.is_err(), "the role cannot touch the audit");
}

#[tokio::test]
async fn a_consumer_sees_the_counts_sequences_and_schema_it_would_see_alone() {
    let orders = Orders::of(
        "CREATE TABLE orders (id text PRIMARY KEY, status text, number serial)",
        PAID,
    )
    .await;
    let insert = "INSERT INTO orders VALUES ('msg-0001', 'paid'), ('msg-0002', 'new')";
    assert_eq!(orders.execute(insert).await, 2);
    let one = |sql: &'static str| async {
        let row = orders.consumer.query_one(sql, &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    assert_eq!(one("SELECT lastval()").await, 2);
    let returned = orders
        .consumer
        .query("UPDATE orders SET status = 'paid' RETURNING id", &[])
        .await
        .unwrap();
    assert_eq!(returned.len(), 2);
    let in_public = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace \
         WHERE nspname = 'public' AND relkind = 'r'";
    assert_eq!(
        one(in_public).await,
        1,
        "a migration tool finds nothing of ours"
    );
    let effects = orders.counter.effects().await.unwrap();
    assert_eq!(payments(&effects), ["msg-0001", "msg-0001", "msg-0002"]);
}

#[tokio::test]
async fn a_watched_table_can_be_migrated() {
    let orders = Orders::new().await;
    orders
        .consumer
        .batch_execute(
            "ALTER TABLE orders ALTER COLUMN status DROP DEFAULT;
             CREATE TYPE state AS ENUM ('new', 'paid');
             ALTER TABLE orders ALTER COLUMN status TYPE state USING status::state",
        )
        .await
        .unwrap();
    orders
        .execute("INSERT INTO orders VALUES ('msg-0001', 'paid')")
        .await;
    orders
        .consumer
        .batch_execute(
            "ALTER TABLE orders DROP COLUMN status;
             ALTER TABLE orders ADD COLUMN status text",
        )
        .await
        .unwrap();
    orders.execute("UPDATE orders SET status = 'paid'").await;
    assert_eq!(
        orders.counted().await,
        [
            line("msg-0001", "INSERT", false),
            line("msg-0001", "UPDATE", false)
        ]
    );
}

#[tokio::test]
async fn ddl_that_leaves_nothing_to_watch_succeeds_and_is_told_when_counting() {
    let orders = Orders::new().await;
    orders
        .consumer
        .batch_execute("ALTER TABLE orders DROP COLUMN status")
        .await
        .unwrap();
    let error = orders.counter.effects().await.unwrap_err().to_string();
    assert!(error.contains("public.orders are not watched"), "{error}");
    assert!(error.contains("status"), "{error}");
}

#[tokio::test]
async fn an_owner_who_may_not_watch_ddl_is_told_and_the_table_is_found() {
    use crashwindow::effects::{SqlCounter, Watching};
    use crashwindow::event::Marks;
    let database = Database::create().await;
    let (role, session) = database.owned().await;
    let counter = SqlCounter::open(session, PAID.parse().unwrap(), Marks::default())
        .await
        .unwrap();
    assert_eq!(counter.watching(), Watching::Poll);
    let consumer = database.session().await;
    consumer
        .batch_execute(&format!("SET ROLE {role}; {TABLE}"))
        .await
        .unwrap();
    crate::within("the table to be found", async {
        let attached = "SELECT 1 FROM pg_trigger WHERE tgrelid = 'orders'::regclass";
        while consumer.query(attached, &[]).await.unwrap().len() < 3 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    consumer
        .batch_execute(
            "INSERT INTO orders VALUES ('msg-0001', 'paid'); UPDATE orders SET status = 'paid'",
        )
        .await
        .unwrap();
    let effects = counter.effects().await.unwrap();
    assert_eq!(payments(&effects), ["msg-0001", "msg-0001"]);
}
