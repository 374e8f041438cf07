//! Notices that a server of the stack is gone, which no part of a run would tell by itself: clients
//! of Kafka and Postgres reconnect in silence.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::resources::{Resources, connect};
use super::{RunError, Watcher};
use crate::stack::Endpoints;

const INTERVAL: Duration = Duration::from_millis(500);

const DEADLINE: Duration = Duration::from_secs(2);

/// In a row; of silences more, because a server on a busy laptop is silent now and then.
const REFUSALS: u32 = 2;
const SILENCES: u32 = 10;

/// Until a server is gone or somebody wishes to stop; then drops the resources.
pub(crate) async fn guarded<T>(
    play: impl Future<Output = Result<T, RunError>>,
    resources: &Resources,
    endpoints: &Endpoints,
    watcher: &dyn Watcher,
    cancel: &CancellationToken,
) -> Result<T, RunError> {
    let result = tokio::select! {
        result = play => result,
        what = stack_died(endpoints) => Err(RunError::StackDied { what }),
        () = cancel.cancelled() => Err(RunError::Interrupted),
    };
    // A stack that died takes the topic and the database with it when it is wiped.
    if !matches!(result, Err(RunError::StackDied { .. })) {
        watcher.phase("clearing up");
        resources.drop_all().await;
    }
    result
}

enum Sign {
    Life,
    Refusal(String),
    /// Nothing within [`DEADLINE`].
    Silence(String),
}

async fn stack_died(endpoints: &Endpoints) -> String {
    let (mut refusals, mut silences) = (0, 0);
    loop {
        tokio::time::sleep(INTERVAL).await;
        let (kafka, postgres) = tokio::join!(kafka(endpoints), postgres(endpoints));
        let (count, most, what) = match (kafka, postgres) {
            (Sign::Life, Sign::Life) => {
                (refusals, silences) = (0, 0);
                continue;
            }
            (Sign::Refusal(what), _) | (_, Sign::Refusal(what)) => (&mut refusals, REFUSALS, what),
            (Sign::Silence(what), _) | (_, Sign::Silence(what)) => (&mut silences, SILENCES, what),
        };
        *count += 1;
        if *count >= most {
            return what;
        }
    }
}

async fn kafka(endpoints: &Endpoints) -> Sign {
    let bootstrap = &endpoints.kafka.bootstrap;
    let mut silent = false;
    for address in bootstrap.split(',') {
        match tokio::time::timeout(DEADLINE, TcpStream::connect(address.trim())).await {
            Ok(Ok(_)) => return Sign::Life,
            Ok(Err(_)) => {}
            Err(_) => silent = true,
        }
    }
    let what = format!("Kafka at {bootstrap} accepts no connection");
    if silent {
        Sign::Silence(what)
    } else {
        Sign::Refusal(what)
    }
}

async fn postgres(endpoints: &Endpoints) -> Sign {
    let server = &endpoints.postgres;
    let connect = connect(&server.admin_url, server.ca.as_deref());
    match tokio::time::timeout(DEADLINE, connect).await {
        Ok(Ok(_)) => Sign::Life,
        Ok(Err(e)) => Sign::Refusal(e.to_string().lines().next().unwrap_or_default().to_owned()),
        Err(_) => Sign::Silence(format!(
            "Postgres has not answered {SILENCES} times within {} s",
            DEADLINE.as_secs()
        )),
    }
}
