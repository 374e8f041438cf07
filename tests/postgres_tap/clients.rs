//! tokio-postgres through the tap: the same results as without it.

use std::time::Duration;

use crashwindow::tap::PassAll;
use futures::{SinkExt, StreamExt, TryStreamExt};
use std::sync::Arc;
use tokio_postgres::{AsyncMessage, NoTls, SimpleQueryMessage};

use crate::lab::{Lab, Session, within};

/// A bit of everything, and what came of it.
async fn exercise(session: &mut Session) -> Vec<String> {
    let mut seen = Vec::new();
    let client = Arc::get_mut(&mut session.client).expect("nobody else has it");
    for text in [
        "SELECT 1; SELECT 'a' AS b",
        "",
        "SELEC",
        "SHOW server_version",
    ] {
        let answer = client.simple_query(text).await.map(|messages| {
            let tell = |message: &SimpleQueryMessage| match message {
                SimpleQueryMessage::Row(row) => format!("{:?}", row.get(0)),
                SimpleQueryMessage::CommandComplete(rows) => format!("{rows} rows"),
                _ => "columns".to_owned(),
            };
            messages.iter().map(tell).collect::<Vec<_>>()
        });
        seen.push(format!("{answer:?}"));
    }
    let transaction = client.transaction().await.expect("BEGIN");
    let insert = "INSERT INTO paid VALUES ($1, $2)";
    let insert = transaction.prepare(insert).await.expect("it is valid");
    for id in ["msg-0001", "msg-0002", "msg-0001"] {
        let savepoint = transaction.execute("SAVEPOINT s", &[]).await;
        let inserted = transaction.execute(&insert, &[&id, &7]).await;
        let rolled_back = transaction.execute("ROLLBACK TO s", &[]).await;
        seen.push(format!("{savepoint:?} {inserted:?} {rolled_back:?}"));
    }
    transaction
        .execute(&insert, &[&"msg-0003", &9])
        .await
        .expect("INSERT");
    transaction.commit().await.expect("COMMIT");

    let [one, two, three] = [1, 2, 3].map(|n: i32| async move { n });
    let pipelined = futures::join!(
        async { client.query_one("SELECT $1::int4 + 1", &[&one.await]).await },
        async { client.query_one("SELECT $1::int4 / 0", &[&two.await]).await },
        async {
            client
                .query_one("SELECT $1::int4 * 2", &[&three.await])
                .await
        },
    );
    seen.push(format!("{pipelined:?}"));

    let sink = client.copy_in("COPY paid FROM STDIN").await.expect("COPY");
    let mut sink = std::pin::pin!(sink);
    for number in 1000..20_000 {
        let line = bytes::Bytes::from(format!("msg-{number}\t{number}\n"));
        sink.send(line).await.expect("it takes data");
    }
    seen.push(format!("copied {:?}", sink.finish().await));
    let copied = client.copy_out("COPY paid TO STDOUT").await.expect("COPY");
    let copied: Vec<_> = copied.try_collect().await.expect("rows");
    seen.push(format!("{} lines {:?}", copied.len(), copied.last()));
    let failed = client
        .copy_in::<_, bytes::Bytes>("COPY nothing FROM STDIN")
        .await;
    seen.push(format!("{:?}", failed.err()));
    let rows = client
        .query("SELECT * FROM paid ORDER BY id LIMIT 20", &[])
        .await;
    seen.push(format!("{rows:?}"));
    seen
}

#[tokio::test]
async fn all_that_a_client_does_gives_the_same_results() {
    let lab = Lab::with(Arc::new(PassAll)).await;
    let direct = exercise(&mut lab.direct().await).await;
    let clean = lab.direct().await;
    clean
        .batch_execute("TRUNCATE paid")
        .await
        .expect("TRUNCATE");

    let tapped = exercise(&mut lab.connect().await).await;

    assert_eq!(tapped, direct);
    assert!(
        direct.iter().any(|line| line.contains("copied Ok(19000)")),
        "{direct:?}"
    );
}

#[tokio::test]
async fn a_row_and_a_parameter_of_64_mib_pass() {
    let lab = Lab::with(Arc::new(PassAll)).await;
    let client = lab.connect().await;
    let large = "x".repeat(64 << 20);

    let query = async {
        let query = "SELECT $1::text, length($1)";
        client.query_one(query, &[&large]).await
    };
    let row = within("a large row", query).await.expect("it is answered");

    assert!(row.get::<_, &str>(0) == large);
    assert_eq!(row.get::<_, i32>(1), 64 << 20);
}

#[tokio::test]
async fn a_cancel_request_passes() {
    let lab = Lab::with(Arc::new(PassAll)).await;
    let client = lab.connect().await;
    let direct = lab.direct().await;
    let cancel = client.cancel_token();
    let sleeping = tokio::spawn(async move { client.batch_execute("SELECT pg_sleep(600)").await });
    let asleep = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                  AND datname = current_database()";
    let fell_asleep = async {
        while direct
            .query(asleep, &[])
            .await
            .expect("it answers")
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    within("the statement to sleep", fell_asleep).await;

    let cancelled = within("the cancel request", cancel.cancel_query(NoTls)).await;

    cancelled.expect("it is passed on");
    let slept = within("the statement to be cancelled", sleeping).await;
    let error = slept.expect("no panic").expect_err("it was cancelled");
    assert_eq!(error.code().map(|code| code.code()), Some("57014"));
}

#[tokio::test]
async fn a_notification_reaches_a_client_that_asks_for_nothing() {
    let lab = Lab::with(Arc::new(PassAll)).await;
    let connected = lab.tapped().connect(NoTls).await;
    let (client, mut connection) = connected.expect("a connection");
    let mut messages = futures::stream::poll_fn(move |cx| connection.poll_message(cx)).boxed();
    let listening = tokio::spawn(async move {
        client.batch_execute("LISTEN c").await.expect("LISTEN");
        client
    });
    let (told, mut notified) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(note) = message {
                told.send(note.payload().to_owned())
                    .expect("the test is running");
            }
        }
    });
    let _client = within("LISTEN", listening).await.expect("no panic");

    let direct = lab.direct().await;
    direct
        .batch_execute("NOTIFY c, 'hello'")
        .await
        .expect("NOTIFY");

    let note = within("the notification", notified.recv()).await;
    assert_eq!(note.as_deref(), Some("hello"));
}
