//! Notices that a server of the stack is gone, which no part of a run would tell by itself:
//! clients of Kafka and Postgres reconnect in silence.

use std::time::Duration;

use tokio::net::TcpStream;

use super::resources::connect;
use crate::stack::Endpoints;

/// How often both servers are asked.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long an answer may take, and how many may be missing in a row: a server on a busy laptop
/// pauses for a second now and then.
const DEADLINE: Duration = Duration::from_secs(2);
const PATIENCE: u32 = 2;

/// Returns when a server has not answered [`PATIENCE`] times in a row, saying which.
pub(super) async fn stack_died(endpoints: &Endpoints) -> String {
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
