//! Claims about what is counted as an effect, made on a real Kafka, a real Postgres and real HTTP.
//! Every source must see a planted duplicate: a counter that cannot is no judge.

mod database;
mod grammar;
mod sink;
mod sink_hook;
mod sql;
mod sql_consumer;
mod sql_rows;
mod sql_tables;
#[path = "../support/mod.rs"]
mod support;
mod topic;

use std::future::Future;
use std::time::Duration;

use crashwindow::verdict::Effect;

/// Far beyond what anything here takes; only a test that fails waits for it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Waits for `future`, and names what it waited for if that does not come.
async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(DEADLINE, future).await;
    waited.unwrap_or_else(|_| panic!("waited {DEADLINE:?} for {what}"))
}

/// The payments of these effects, sorted; `-` for an effect that names none.
fn payments(effects: &[Effect]) -> Vec<&str> {
    let named = effects.iter().map(|e| e.payment.as_deref().unwrap_or("-"));
    let mut payments: Vec<&str> = named.collect();
    payments.sort_unstable();
    payments
}

/// Asserts that no two effects have the same id.
#[track_caller]
fn assert_told_apart(effects: &[Effect]) {
    let mut ids: Vec<&str> = effects.iter().map(|e| e.charge.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), effects.len(), "{effects:?}");
}
