//! A real Prometheus that has scraped real storms: the alerts fire and stay silent as they should, and
//! every rule, panel, annotation and variable has data.

use crashwindow::report::storm::StormReport;
use crashwindow::verdict::Verdict;
use serde_json::{Value, json};

use crate::server::{Server, last};
use crate::support::grafana::dashboards;
use crate::support::prometheus::{Prometheus, now};

/// Shorter than an attendee's.
const SECONDS: u64 = 27;

/// Of one cause, until one has what it promises. On two cores beside compilers two of three did.
const STORMS: u64 = 4;

/// An alert that has fired since.
fn firing(alert: &str) -> String {
    format!("ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}")
}

#[tokio::test]
async fn alerts_fire_and_stay_silent_in_storms_and_every_rule_and_panel_has_data() {
    let Some(prometheus) = Prometheus::of_the_tests() else {
        return;
    };
    let server = Server::start().await;
    prometheus.quiet().await;
    let began = now();
    let mut since = began;
    let mut until = began;
    // A page is as true of the storm as it is of the seconds after it, so that the one in which
    // customers pay twice comes last.
    for (cause, verdict, fires, silent) in [
        (
            "rebalances",
            "held",
            "RedeliverySpike",
            &["DuplicateEffects", "LostPayments", "UnexplainedDuplicates"][..],
        ),
        (
            "republish",
            "held",
            "UnexplainedDuplicates",
            &["DuplicateEffects", "LostPayments"],
        ),
        ("release", "violated", "DuplicateEffects", &["LostPayments"]),
    ] {
        since = as_promised(&server, cause, verdict).await;
        assert!(
            prometheus.sees(&firing(fires), since).await,
            "{fires} is silent in a storm of {cause}"
        );
        until = now();
        for alert in silent {
            let fired = prometheus.range(&firing(alert), since, until).await;
            assert!(fired.is_empty(), "{cause}: {alert} fired: {fired:?}");
        }
    }
    let severity = |alert: &str, severity: &str| {
        format!("ALERTS{{alertname=\"{alert}\",severity=\"{severity}\"}}")
    };
    for (alert, wanted) in [
        ("RedeliverySpike", "ticket"),
        ("UnexplainedDuplicates", "page"),
        ("DuplicateEffects", "page"),
    ] {
        let expr = severity(alert, wanted);
        assert!(prometheus.values(&expr, began, until).await > 0, "{expr}");
    }

    let mut empty = without_data(&prometheus, recorded(&prometheus).await, began, until).await;
    // What is on the screen during one storm is of that storm.
    for dashboard in dashboards() {
        empty.extend(without_data(&prometheus, dashboard.expressions(), since, until).await);
    }
    assert!(empty.is_empty(), "without data:\n{}", empty.join("\n"));
    // A label that no series has, as a typing error would leave it.
    let mut planted = dashboards().swap_remove(0);
    let expr = "sum(dedup_checks_total{results=\"hit\"})";
    planted.json["panels"][0]["targets"][0]["expr"] = json!(expr);
    let found = without_data(&prometheus, planted.expressions(), since, until).await;
    assert!(found.len() == 1 && found[0].ends_with(expr), "{found:?}");

    // A storm loses nothing; a consumer that marks before it acts does.
    since = now();
    let run = json!({
        "kind": "run", "lab": "02", "consumer": "marker-first", "scenario": "before-effect", "seed": 7,
    });
    let events = server.work(&run).await;
    let lost = last(&events, "done")["report"]["counts"]["lost"].as_u64();
    assert!(lost > Some(0), "{:?}", last(&events, "done"));
    assert!(
        prometheus.sees(&firing("LostPayments"), since).await,
        "{lost:?} payments are lost and nobody is woken"
    );
}

/// Runs storms of the cause until one has the verdict and what it promises of its incident, and returns
/// when that began. On a machine that is busy a storm may miss it, and says so by *unknown* with the
/// reason; that is no storm to ask the alerts about. A verdict that is wrong is never tried again.
async fn as_promised(server: &Server, cause: &str, verdict: &str) -> f64 {
    let mut missed = Vec::new();
    for seed in 7..7 + STORMS {
        let since = now();
        let storm = json!({
            "kind": "storm", "lab": "04", "scenario": cause, "seed": seed, "seconds": SECONDS,
        });
        let events = server.work(&storm).await;
        let report = last(&events, "done")["report"].clone();
        let report: StormReport = serde_json::from_value(report).expect("the report reads back");
        let incident = report.counts.incident.expect("it promises something");
        let is_right = report.verdict.name() == verdict;
        assert!(
            is_right || report.verdict == Verdict::Unknown,
            "{cause}: {:?}",
            report.reasons
        );
        if is_right && incident.is_kept() {
            return since;
        }
        println!("{cause}, seed {seed}: {:?}", report.reasons);
        missed.push(format!("{:?}; {}", report.reasons, incident.clause()));
    }
    panic!(
        "{cause}: no storm has what it promises:\n{}",
        missed.join("\n")
    );
}

/// Those of the expressions that had no value in this time.
async fn without_data(
    prometheus: &Prometheus,
    asked: Vec<(String, String)>,
    since: f64,
    until: f64,
) -> Vec<String> {
    let mut empty = Vec::new();
    for (what, expr) in asked {
        if prometheus.values(&expr, since, until).await == 0 {
            empty.push(format!("{what}: {expr}"));
        }
    }
    empty
}

/// The recording rules that Prometheus evaluates, all of them in good health.
async fn recorded(prometheus: &Prometheus) -> Vec<(String, String)> {
    let groups = prometheus.ask("rules", &[]).await;
    let groups = groups["groups"].as_array().expect("groups");
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().into_iter().flatten());
    let (mut recorded, mut alerts) = (Vec::new(), 0);
    for rule in rules {
        let name = rule["name"].as_str().expect("a name").to_owned();
        assert_eq!(rule["health"], "ok", "{rule}");
        match rule["type"].as_str() {
            Some("recording") => recorded.push((name.clone(), name)),
            _ => alerts += 1,
        }
    }
    assert!(recorded.len() > 10 && alerts == 4, "{groups:?}");
    recorded
}

#[tokio::test]
async fn the_service_discovery_is_of_the_form_that_prometheus_takes_and_empty_between_storms() {
    let server = Server::start().await;
    assert_eq!(server.json("/sd").await, Value::Array(Vec::new()));
}
