//! Transitions: what counts and what does not.

use crate::database::{Orders, line};
use crate::{assert_told_apart, payments};

#[tokio::test]
async fn a_transition_is_counted_once_and_told_in_full() {
    let orders = Orders::new().await;
    assert_eq!(orders.counter.effects().await.unwrap(), []);
    orders
        .execute("INSERT INTO orders (id) VALUES ('order-0001'), ('order-0002')")
        .await;
    assert_eq!(orders.transitions().await, [], "nothing is paid yet");
    let rows = orders
        .execute("UPDATE orders SET status = 'paid' WHERE id = 'order-0002'")
        .await;
    assert_eq!(rows, 1);

    let transitions = orders.transitions().await;
    assert_eq!(transitions.len(), 1, "{transitions:?}");
    let transition = &transitions[0];
    assert_eq!(transition.payment.as_deref(), Some("order-0002"));
    assert_eq!(transition.operation, "UPDATE");
    assert_eq!(transition.was.as_deref(), Some("new"));
    assert_eq!(transition.is.as_deref(), Some("paid"));
    assert!(!transition.repeat);
    assert!(transition.at_unix_ms > 1_600_000_000_000, "{transition:?}");
    let effects = orders.counter.effects().await.unwrap();
    assert_eq!(
        payments(&effects),
        ["msg-0002"],
        "an order names its payment"
    );
    let id = format!("tx{}/1 update", transition.txid);
    assert_eq!(effects[0].charge, id);
}

#[tokio::test]
async fn the_same_update_again_is_a_repeat_that_counts() {
    let orders = Orders::new().await;
    orders
        .execute("INSERT INTO orders (id) VALUES ('msg-0001')")
        .await;
    for _ in 0..3 {
        orders.execute("UPDATE orders SET status = 'paid'").await;
    }
    let update = |repeat| line("msg-0001", "UPDATE", repeat);
    assert_eq!(
        orders.counted().await,
        [update(false), update(true), update(true)]
    );
    let effects = orders.counter.effects().await.unwrap();
    assert_eq!(payments(&effects), ["msg-0001"; 3]);
    assert_told_apart(&effects);
    assert!(
        effects[1].charge.ends_with("update (repeat)"),
        "{effects:?}"
    );
}

#[tokio::test]
async fn what_is_rolled_back_leaves_nothing() {
    let orders = Orders::new().await;
    orders
        .execute("INSERT INTO orders (id) VALUES ('msg-0001')")
        .await;
    let pay = "UPDATE orders SET status = 'paid'";
    orders
        .consumer
        .batch_execute(&format!("BEGIN; {pay}; ROLLBACK"))
        .await
        .unwrap();
    assert_eq!(orders.transitions().await, []);
    orders
        .consumer
        .batch_execute(&format!(
            "BEGIN; SAVEPOINT s; {pay}; ROLLBACK TO s; {pay}; COMMIT"
        ))
        .await
        .unwrap();
    assert_eq!(orders.counted().await, [line("msg-0001", "UPDATE", false)]);
}

#[tokio::test]
async fn what_is_not_committed_yet_is_not_counted_yet() {
    let orders = Orders::new().await;
    orders
        .execute("INSERT INTO orders (id) VALUES ('msg-0001')")
        .await;
    orders
        .consumer
        .batch_execute("BEGIN; UPDATE orders SET status = 'paid'")
        .await
        .unwrap();
    assert_eq!(orders.transitions().await, []);
    orders.consumer.batch_execute("COMMIT").await.unwrap();
    assert_eq!(orders.transitions().await.len(), 1);
}

#[tokio::test]
async fn an_update_of_another_column_counts_nothing() {
    let orders = Orders::new().await;
    orders
        .execute("INSERT INTO orders VALUES ('msg-0001', 'paid')")
        .await;
    orders.execute("UPDATE orders SET note = 'shipped'").await;
    assert_eq!(orders.counted().await, [line("msg-0001", "INSERT", false)]);
    orders
        .execute("UPDATE orders SET note = 'x', status = status")
        .await;
    assert_eq!(
        orders.counted().await[1..],
        [line("msg-0001", "UPDATE", true)],
        "an ORM that writes every column assigns this one too"
    );
}

#[tokio::test]
async fn other_values_count_nothing_and_a_way_back_is_a_new_transition() {
    let orders = Orders::new().await;
    orders
        .execute("INSERT INTO orders (id) VALUES ('msg-0001')")
        .await;
    for status in ["failed", "paid", "refunded", "paid"] {
        orders
            .execute(&format!("UPDATE orders SET status = '{status}'"))
            .await;
    }
    let update = line("msg-0001", "UPDATE", false);
    assert_eq!(orders.counted().await, [update.clone(), update]);
    let was: Vec<_> = orders
        .transitions()
        .await
        .into_iter()
        .map(|t| t.was)
        .collect();
    assert_eq!(was, [Some("failed".into()), Some("refunded".into())]);
}

#[tokio::test]
async fn an_upsert_counts_what_it_did() {
    let orders = Orders::new().await;
    let upsert = "INSERT INTO orders VALUES ('msg-0001', 'paid') \
         ON CONFLICT (id) DO UPDATE SET status = excluded.status";
    for _ in 0..2 {
        assert_eq!(orders.execute(upsert).await, 1);
    }
    let nothing = "INSERT INTO orders VALUES ('msg-0001', 'paid') ON CONFLICT DO NOTHING";
    assert_eq!(orders.execute(nothing).await, 0);
    let other = "INSERT INTO orders VALUES ('msg-0001', 'paid') \
         ON CONFLICT (id) DO UPDATE SET note = 'seen again'";
    assert_eq!(orders.execute(other).await, 1);
    assert_eq!(
        orders.counted().await,
        [
            line("msg-0001", "INSERT", false),
            line("msg-0001", "UPDATE", true)
        ]
    );
}

#[tokio::test]
async fn rows_that_are_copied_in_count() {
    use futures::SinkExt;
    let orders = Orders::new().await;
    let copy = "COPY orders (id, status) FROM STDIN";
    let sink = orders.consumer.copy_in(copy).await.unwrap();
    let mut sink = Box::pin(sink);
    let rows = bytes::Bytes::from("msg-0001\tpaid\nmsg-0002\tnew\nmsg-0003\tpaid\n");
    sink.send(rows).await.unwrap();
    assert_eq!(sink.as_mut().finish().await.unwrap(), 3);
    let effects = orders.counter.effects().await.unwrap();
    assert_eq!(payments(&effects), ["msg-0001", "msg-0003"]);
    assert_told_apart(&effects);
}

#[tokio::test]
async fn a_merge_counts_what_it_did() {
    let orders = Orders::new().await;
    let merge = "MERGE INTO orders o USING (VALUES ('msg-0001')) AS v (id) ON o.id = v.id \
         WHEN MATCHED THEN UPDATE SET status = 'paid' \
         WHEN NOT MATCHED THEN INSERT (id, status) VALUES (v.id, 'paid')";
    orders.execute(merge).await;
    orders.execute(merge).await;
    assert_eq!(
        orders.counted().await,
        [
            line("msg-0001", "INSERT", false),
            line("msg-0001", "UPDATE", true)
        ]
    );
}

#[tokio::test]
async fn two_sessions_that_both_pay_are_both_seen() {
    let orders = Orders::new().await;
    orders
        .execute("INSERT INTO orders (id) VALUES ('msg-0001')")
        .await;
    let other = orders.database.session().await;
    let pay = "UPDATE orders SET status = 'paid' WHERE id = 'msg-0001'";
    orders.consumer.batch_execute("BEGIN").await.unwrap();
    orders.execute(pay).await;
    // Waits for the row lock, and finds a paid row.
    let second = tokio::spawn(async move { other.execute(pay, &[]).await });
    crate::within("the second session to wait for the first", async {
        let watcher = orders.database.session().await;
        let waiting = "SELECT 1 FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while watcher.query(waiting, &[]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(orders.transitions().await, []);
    orders.consumer.batch_execute("COMMIT").await.unwrap();
    assert_eq!(second.await.unwrap().unwrap(), 1);
    let transitions = orders.transitions().await;
    assert_eq!(
        orders.counted().await,
        [
            line("msg-0001", "UPDATE", false),
            line("msg-0001", "UPDATE", true)
        ]
    );
    assert_ne!(transitions[0].txid, transitions[1].txid);
}
