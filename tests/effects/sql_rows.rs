//! Rows that a query finds.

use crashwindow::effects::EffectsError;

use crate::database::Database;
use crate::{assert_told_apart, payments};

#[tokio::test]
async fn each_row_is_an_effect() {
    let database = Database::create().await;
    let counter = database.counter("SELECT msg_id FROM charges;").await;
    let missing = counter.effects().await.unwrap_err();
    assert!(matches!(missing, EffectsError::Missing { .. }), "{missing}");
    let consumer = database.session().await;
    consumer
        .batch_execute(
            "CREATE TABLE charges (msg_id text);
             INSERT INTO charges VALUES ('msg-0001'), ('for order-0002'), ('msg-0001'), (NULL), ('x')",
        )
        .await
        .unwrap();
    let effects = counter.effects().await.unwrap();
    assert_eq!(
        payments(&effects),
        ["-", "msg-0001", "msg-0001", "msg-0002", "x"]
    );
    assert_told_apart(&effects);
    assert_eq!(counter.transitions().await.unwrap(), []);
}

#[tokio::test]
async fn any_query_that_returns_rows_will_do() {
    let database = Database::create().await;
    for (query, expected) in [
        ("WITH c (id) AS (VALUES (17)) SELECT id FROM c", vec!["17"]),
        ("VALUES ('msg-0001'), ('msg-0001')", vec!["msg-0001"; 2]),
        (
            "(SELECT 'msg-0001'::bytea::text)",
            vec!["\\x6d73672d30303031"],
        ),
        ("SELECT 'msg-0001' WHERE false", vec![]),
    ] {
        let counter = database.counter(query).await;
        assert_eq!(
            payments(&counter.effects().await.unwrap()),
            expected,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_query_can_only_look() {
    let database = Database::create().await;
    let consumer = database.session().await;
    consumer
        .batch_execute(
            "CREATE TABLE charges (msg_id text); INSERT INTO charges VALUES ('msg-0001')",
        )
        .await
        .unwrap();
    for (query, expected) in [
        ("SELECT 1; DELETE FROM charges", "multiple commands"),
        (
            "WITH gone AS (DELETE FROM charges RETURNING msg_id) SELECT msg_id FROM gone",
            "read-only transaction",
        ),
        ("SELECT FROM charges", "returns no column"),
        ("SELECT nonsense FROM charges", "nonsense"),
    ] {
        let counter = database.counter(query).await;
        let error = counter.effects().await.unwrap_err();
        assert!(matches!(error, EffectsError::Database { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let left = consumer.query("SELECT 1 FROM charges", &[]).await.unwrap();
    assert_eq!(left.len(), 1);
}
