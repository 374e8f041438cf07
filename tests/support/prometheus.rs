//! The Prometheus of the tests' stack, asked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::tools::PROMETHEUS;
use super::{crashwindow, endpoints};

/// How long it may take until Prometheus has seen something: it hears of a new instance within ten
/// seconds, scrapes once a second, and an alert waits for five.
const DEADLINE: Duration = Duration::from_secs(40);

/// Between two questions: it evaluates once a second.
const PAUSE: Duration = Duration::from_millis(200);

pub struct Prometheus {
    address: String,
    http: reqwest::Client,
}

/// Seconds since 1970.
#[must_use]
pub fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs_f64()
}

impl Prometheus {
    /// None, and the test is ignored, where this machine has no Prometheus.
    ///
    /// # Panics
    /// When it has one and the stack did not start it.
    #[must_use]
    pub fn of_the_tests() -> Option<Self> {
        if let Some(address) = endpoints().prometheus {
            let http = reqwest::Client::new();
            return Some(Self { address, http });
        }
        let doctor = String::from_utf8_lossy(&crashwindow(&["doctor"]).stdout).into_owned();
        assert!(doctor.contains("absent   Prometheus:"), "{doctor}");
        let _ = PROMETHEUS.is_there(false);
        None
    }

    /// The data of an answer of its API.
    ///
    /// # Panics
    /// When it refuses, and why.
    pub async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/v1/{path}", self.address);
        let answer = self.http.get(url).query(parameters).send().await;
        let answer: Value = answer.expect("it answers").json().await.expect("JSON");
        assert_eq!(answer["status"], "success", "{parameters:?}: {answer}");
        answer["data"].clone()
    }

    /// The series of an expression, second by second.
    pub async fn range(&self, expr: &str, from: f64, to: f64) -> Vec<Value> {
        let (from, to) = (from.to_string(), to.to_string());
        let parameters = [
            ("query", expr),
            ("start", &from),
            ("end", &to),
            ("step", "1"),
        ];
        let data = self.ask("query_range", &parameters).await;
        data["result"].as_array().expect("a matrix").clone()
    }

    /// How many values an expression had that are numbers.
    pub async fn values(&self, expr: &str, from: f64, to: f64) -> usize {
        let series = self.range(expr, from, to).await;
        let values = series
            .iter()
            .flat_map(|one| one["values"].as_array().into_iter().flatten());
        values.filter(|value| value[1] != "NaN").count()
    }

    /// Waits until no alert fires any more: an earlier test's storm may have been a bad one.
    ///
    /// # Panics
    /// When one still does after twice the rules' window.
    pub async fn quiet(&self) {
        let deadline = now() + 60.0;
        while self
            .values("ALERTS{alertstate=\"firing\"}", now() - 1.0, now())
            .await
            > 0
        {
            assert!(
                now() < deadline,
                "waited 60 s for the alerts to fall silent"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether an expression has had a value since, now or within the deadline.
    pub async fn sees(&self, expr: &str, since: f64) -> bool {
        let deadline = now() + DEADLINE.as_secs_f64();
        while self.values(expr, since, now()).await == 0 {
            if now() > deadline {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
        true
    }
}
