//! Notices that a server of the stack is gone, which no part of a run would tell by itself:
//! clients of Kafka and Postgres reconnect in silence.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::resources::{Resources, connect};
use super::{RunError, Watcher};
use crate::stack::Endpoints;

/// How often both servers are asked.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long an answer may take, and how many may be missing in a row: a server on a busy laptop
/// pauses for a second now and then.
const DEADLINE: Duration = Duration::from_secs(2);
const PATIENCE: u32 = 2;

/// Plays to the end, until a server is gone, or until somebody wishes to stop; then drops the
/// resources.
pub(super) async fn guarded<T>(
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

/// Returns when a server has not answered [`PATIENCE`] times in a row, saying which.
async fn stack_died(endpoints: &Endpoints) -> String {
    let mut missing = 0;
    loop {
        tokio::time::sleep(INTERVAL).await;
        let (kafka, postgres) = tokio::join!(kafka(endpoints), postgres(endpoints));
        match kafka.or(postgres) {
            None => missing = 0,
            Some(what) => {
                missing += 1;
                if missing >= PATIENCE {
                    return what;
                }
            }
        }
    }
}

async fn kafka(endpoints: &Endpoints) -> Option<String> {
    let bootstrap = &endpoints.kafka.bootstrap;
    for address in bootstrap.split(',') {
        if let Ok(Ok(_)) = tokio::time::timeout(DEADLINE, TcpStream::connect(address.trim())).await
        {
            return None;
        }
    }
    Some(format!("Kafka at {bootstrap} accepts no connection"))
}

async fn postgres(endpoints: &Endpoints) -> Option<String> {
    let server = &endpoints.postgres;
    let connect = connect(&server.admin_url, server.ca.as_deref());
    match tokio::time::timeout(DEADLINE, connect).await {
        Ok(Ok(_)) => None,
        Ok(Err(e)) => Some(e.to_string().lines().next().unwrap_or_default().to_owned()),
        Err(_) => Some(format!(
            "Postgres does not answer within {} s",
            DEADLINE.as_secs()
        )),
    }
}
