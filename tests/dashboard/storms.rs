//! A storm with each button, and a drill.

use serde_json::{Value, json};

use crate::openapi::Api;
use crate::server::{Server, folder};
use crate::support::promql::undescribed;

#[tokio::test]
async fn every_button_strikes_and_every_strike_is_a_mark_of_the_report() {
    let server = Server::start().await;
    let request = json!({ "kind": "storm", "lab": "04", "free": true, "seed": 5, "seconds": 60 });
    let job = server.start_job(&request).await;
    let mut follow = server.follow(&job, 0).await;
    follow
        .until("sample", |sample| {
            sample["checks_per_s"].as_f64() > Some(0.0)
        })
        .await;

    // Each live instance serves its metrics where the service discovery says.
    let targets = server.json("/sd").await;
    let target = &targets.as_array().unwrap()[0];
    let url = format!("http://{}/metrics", target["targets"][0].as_str().unwrap());
    let page = server
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("dedup_checks_total"), "{page}");
    let of_the_lab = server.get("/metrics").await.text().await.unwrap();
    for served in [page, of_the_lab] {
        assert_eq!(undescribed(&served), Vec::<String>::new());
    }

    let buttons = [
        ("pause", Some("b"), "freeze"),
        ("resume", Some("b"), "thaw"),
        ("evict", Some("c"), "evict"),
        ("kill", Some("a"), "kill"),
        ("cut-kafka", None, "broker-outage"),
        ("heal", None, "heal"),
        ("cut-postgres", None, "database-outage"),
        ("heal", None, "heal"),
        ("add", None, "join"),
    ];
    for (what, instance, blow) in buttons {
        // One that met its victim at a bad moment is pressed again, as a person would.
        loop {
            let mut strike = json!({ "what": what });
            if let Some(instance) = instance {
                strike["instance"] = json!(instance);
            }
            let taken = server
                .post(&format!("/api/jobs/{job}/strike"), &strike)
                .await;
            assert_eq!(taken.status(), 202, "{strike}");
            let told = follow.until("fault", |fault| fault["fault"] == blow).await;
            if told["problem"].is_null() {
                break;
            }
            follow.until("sample", |_| true).await;
        }
    }
    // Of what is killed right after a commit, nothing comes again.
    while follow.until("sample", |_| true).await["redeliveries"] == 0 {
        let strike = json!({ "what": "kill", "instance": "c" });
        server
            .post(&format!("/api/jobs/{job}/strike"), &strike)
            .await;
        follow
            .until("fault", |fault| fault["fault"] == "kill")
            .await;
    }
    let done = follow.until("done", |_| true).await;
    let events = follow.seen;
    Api::read().describes(&events);
    // Everybody is seen to join, and what befell whom.
    let was = |name: &str, state: &str| {
        let told = events.iter().filter(|event| event.name == "instance");
        let mut told = told.filter(|event| event.data["name"] == name);
        assert!(told.any(|e| e.data["state"] == state), "{name} {state}");
    };
    for name in ["a", "b", "c"] {
        was(name, "starting");
        was(name, "joined");
    }
    was("b", "frozen");
    was("b", "thawed");
    was("c", "evicted");
    was("a", "killed");
    // A line that was told is in the log of the instance that it was told of.
    let logs = folder(&done["report"]).join("logs");
    let logged = events.iter().filter(|event| event.name == "log");
    let mut lines = 0;
    for line in logged.map(|event| &event.data) {
        let (instance, text) = (
            line["instance"].as_str().unwrap(),
            line["line"].as_str().unwrap(),
        );
        let of = |n: u32| std::fs::read_to_string(logs.join(format!("{instance}-{n}.log")));
        let mut files = (1..).map_while(|n| of(n).ok());
        let text = text.trim_end_matches('…');
        assert!(
            text.starts_with('…') || files.any(|file| file.contains(text)),
            "{line}"
        );
        lines += 1;
    }
    assert!(lines > 0, "nothing was logged");
    let report = &done["report"];
    let marks = report["marks"].as_array().unwrap();
    for (_, instance, blow) in buttons {
        let done = |mark: &&Value| {
            mark["blow"] == blow
                && mark["problem"].is_null()
                && instance.is_none_or(|instance| mark["instance"] == instance)
        };
        assert!(marks.iter().any(|mark| done(&mark)), "{blow}: {marks:?}");
    }
    assert_eq!(report["counts"]["planned"], json!(marks.len()));
    let saved = std::fs::read(folder(report).join("report.json")).unwrap();
    assert_eq!(&serde_json::from_slice::<Value>(&saved).unwrap(), report);
    assert!(
        report["counts"]["redelivered"].as_u64() > Some(0),
        "{report}"
    );
    // One that was pressed at a bad moment is a strike that failed.
    let all_done = marks.iter().all(|mark| mark["problem"].is_null());
    let verdict = if all_done { "held" } else { "unknown" };
    assert_eq!(report["verdict"], verdict, "{report}");
    assert!(
        report["counts"]["incident"].is_null(),
        "nothing was promised"
    );
    // Nothing was planned, so that no part of it was meant to be the incident.
    for part in ["before", "incident", "after"] {
        assert!(report["phases"][part].is_null(), "{report}");
    }
}

#[tokio::test]
async fn a_planned_strike_is_told_while_the_storm_goes_on() {
    let server = Server::start().await;
    let request = json!({
        "kind": "storm", "lab": "04", "scenario": "rebalances", "seed": 5, "seconds": 90,
    });
    let job = server.start_job(&request).await;
    let mut follow = server.follow(&job, 0).await;
    let told = follow.until("fault", |_| true).await;
    assert!(told["at_ms"].as_u64() < Some(90_000), "{told}");
    // Payments are still produced.
    follow
        .until("sample", |sample| sample["at_ms"].as_u64() < Some(90_000))
        .await;
    server
        .post(&format!("/api/jobs/{job}/stop"), &json!({}))
        .await;
}

#[tokio::test]
async fn a_drill_tells_nothing_before_its_diagnosis() {
    let server = Server::start().await;
    let job = server
        .start_job(&json!({ "kind": "drill", "seed": 1, "seconds": 18 }))
        .await;
    let mut follow = server.follow(&job, 0).await;
    let diagnosis = format!("/api/jobs/{job}/diagnosis");
    let answer = json!({ "cause": "release", "action": "roll-back" });
    assert_eq!(server.post(&diagnosis, &answer).await.status(), 409);
    let strike = json!({ "what": "kill", "instance": "a" });
    let strike = server
        .post(&format!("/api/jobs/{job}/strike"), &strike)
        .await;
    assert_eq!(strike.status(), 409);
    let mut told = std::collections::BTreeSet::new();
    loop {
        let event = follow.next().await.expect("a drill that asks");
        told.insert(event.name.clone());
        if event.name == "diagnose" {
            break;
        }
    }
    for hidden in ["fault", "instance", "done"] {
        assert!(!told.contains(hidden), "{told:?}");
    }
    for shown in ["sample", "log"] {
        assert!(told.contains(shown), "{told:?}");
    }
    // Nor do the runs that are kept: what was planned for it is not in them, and no report is.
    let plan = follow.seen.iter().find(|event| event.name == "plan");
    let run = plan.unwrap().data["run"].as_str().unwrap().to_owned();
    let kept = server.json("/api/runs").await;
    let kept = kept.as_array().unwrap().iter().find(|k| k["run"] == run);
    let kept = kept.unwrap_or_else(|| panic!("run {run} is not listed"));
    assert_eq!(
        (&kept["kind"], &kept["scenario"], &kept["verdict"]),
        (&json!("storm"), &Value::Null, &Value::Null)
    );
    let run = format!("/api/runs/{run}");
    assert_eq!(server.get(&run).await.status(), 404);
    let metrics = server.get("/metrics").await.text().await.unwrap();
    let mut faults = metrics
        .lines()
        .filter(|line| line.starts_with("crashwindow_faults_total{"))
        .peekable();
    assert!(faults.peek().is_some(), "{metrics}");
    assert!(faults.all(|line| line.ends_with(" 0")), "{metrics}");

    let reveal: Value = server.post(&diagnosis, &answer).await.json().await.unwrap();
    let done = follow.until("done", |_| true).await;
    assert_eq!(done["reveal"], reveal);
    let cause = reveal["cause"].clone();
    assert_eq!(done["report"]["cause"], cause);
    assert_eq!(&server.json(&run).await, &done["report"]);
    Api::read().describes(&follow.seen);
    let right = cause == "release";
    assert_eq!(reveal["right"], json!(right));
    assert!(!reveal["evidence"].as_array().unwrap().is_empty());
    let spec = std::fs::read(folder(&done["report"]).join("storm.json")).unwrap();
    let spec: Value = serde_json::from_slice(&spec).unwrap();
    assert_eq!(spec["plan"]["cause"], cause);
}
