//! Runs, comparisons, explorations and the quiz, against what the run folder holds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::server::{Event, Server, folder, last, run};

/// How many payments the provider's own ledger charged once, and how many more often.
fn ledger(report: &Value) -> (usize, usize) {
    let ledger = std::fs::read(folder(report).join("ledger.json")).unwrap();
    let ledger: Vec<Value> = serde_json::from_slice(&ledger).unwrap();
    let mut charges: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &ledger {
        let payment = entry["payment"].as_str().expect("a charge of a payment");
        *charges.entry(payment.to_owned()).or_default() += 1;
    }
    let once = charges.values().filter(|n| **n == 1).count();
    (once, charges.len() - once)
}

/// The wall as its events have painted it since the last plan.
fn wall(events: &[Event]) -> BTreeMap<u64, (String, u64)> {
    let mut wall = BTreeMap::new();
    for event in events {
        if event.name == "plan" {
            wall.clear();
        }
        if event.name == "payments" {
            for cell in event.data["changed"].as_array().unwrap() {
                let known = cell[1].as_str().unwrap().to_owned();
                let effects = cell[2].as_u64().unwrap();
                wall.insert(cell[0].as_u64().unwrap(), (known, effects));
            }
        }
    }
    wall
}

#[tokio::test]
async fn the_wall_ends_as_the_ledger_says_and_every_event_is_replayed() {
    let server = Server::start().await;
    let job = server.start_job(&run("broken")).await;
    let events = server.events(&job, 0).await;
    let report = &last(&events, "done")["report"];
    let (once, more) = ledger(report);
    assert!(more > 0, "nothing was duplicated: {report}");
    let wall = wall(&events);
    let known = |word: &str| wall.values().filter(|(known, _)| known == word).count();
    assert_eq!((known("once"), known("duplicated")), (once, more));
    let counts = &last(&events, "payments")["counts"];
    assert_eq!(counts["produced"], 40);
    assert_eq!(counts["once"], json!(once));
    assert_eq!(counts["duplicated"], json!(more));
    for exception in report["exceptions"].as_array().unwrap() {
        let payment = exception["payment"].as_str().unwrap();
        let number: u64 = payment.trim_start_matches("msg-").parse().unwrap();
        let charges = exception["charges"].as_array().unwrap().len() as u64;
        assert_eq!(wall[&number], ("duplicated".to_owned(), charges));
    }
    let faults = events.iter().filter(|event| event.name == "fault").count();
    assert_eq!(faults, report["faults"].as_array().unwrap().len());

    // Every id once, in order; a reader who lost the connection in the middle gets the rest.
    let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    let middle = ids[ids.len() / 2];
    let rest: Vec<u64> = server
        .events(&job, middle)
        .await
        .iter()
        .map(|e| e.id)
        .collect();
    assert_eq!(rest, ids[ids.len() / 2 + 1..]);
    let over = format!("/api/jobs/{job}/events?after={}", ids.len());
    assert_eq!(server.get(&over).await.status(), 204);

    // The kept run says the same, and its struck payment has a biography with the strike in it.
    let id = report["run"].as_str().unwrap();
    assert_eq!(&server.json(&format!("/api/runs/{id}")).await, report);
    let struck = report["exceptions"][0]["payment"].as_str().unwrap();
    let told = server
        .json(&format!("/api/runs/{id}/payments/{struck}"))
        .await;
    assert_eq!(told["effects"].as_array().unwrap().len(), 2);
    let lines = told["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["mark"] == "struck"), "{told}");
}

#[tokio::test]
async fn every_partition_has_one_owner_from_the_beginning_and_after_each_move() {
    let server = Server::start().await;
    let events = server.work(&run("broken")).await;
    let plan = last(&events, "plan");
    assert_eq!(plan["effects"], "live");
    let all: Vec<u64> = (0..plan["partitions"].as_u64().unwrap()).collect();
    let told = events.iter().filter(|event| event.name == "rebalance");
    let mut owners = Vec::new();
    for event in told {
        let partitions = event.data["partitions"].as_object().unwrap();
        let numbers = partitions.values().flat_map(|p| p.as_array().unwrap());
        let mut numbers: Vec<u64> = numbers.map(|n| n.as_u64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, all, "{event:?}");
        owners.push(partitions.clone());
    }
    // The zombies of this lab lose theirs to the other.
    owners.dedup();
    assert!(owners.len() > 1, "{owners:?}");
}

#[tokio::test]
async fn effects_that_pass_no_tap_are_told_when_they_are_counted() {
    let server = Server::start().await;
    let mut request = run("broken");
    request["lab"] = json!("02");
    let events = server.work(&request).await;
    assert_eq!(last(&events, "plan")["effects"], "at the end");
    let counts: Vec<&Value> = events
        .iter()
        .filter(|event| event.name == "payments")
        .map(|event| &event.data["counts"])
        .collect();
    let (end, before) = counts.split_last().unwrap();
    let report = &last(&events, "done")["report"];
    for state in ["once", "duplicated", "lost"] {
        assert_eq!(end[state], report["counts"][state], "{state}");
        assert!(before.iter().all(|counts| counts[state] == 0), "{before:?}");
    }
    assert!(end["once"].as_u64() > Some(0), "{end}");
}

#[tokio::test]
async fn the_line_of_the_charge_is_lit_while_an_instance_charges() {
    let server = Server::start().await;
    let events = server.work(&run("broken")).await;
    let source =
        std::fs::read_to_string(crate::support::labs().join("01-select-then-act/broken.rs"));
    let source = source.unwrap();
    let lit = events.iter().filter(|event| event.name == "instance");
    let mut seen = 0;
    for event in lit.filter(|event| event.data["event"] == "POST /v1/charges") {
        let line = usize::try_from(event.data["line"].as_u64().unwrap()).unwrap();
        assert!(source.lines().nth(line - 1).unwrap().contains(".charge("));
        seen += 1;
    }
    assert!(seen > 0, "nobody was seen at the charge");
}

#[tokio::test]
async fn a_comparison_has_one_schedule_and_counts_from_the_ledgers() {
    let server = Server::start().await;
    let events = server
        .work(&json!({ "kind": "compare", "lab": "01", "seed": 3 }))
        .await;
    let reports = last(&events, "done")["reports"].as_array().unwrap();
    let (broken, fixed) = (&reports[0], &reports[1]);
    assert_eq!(
        (&broken["consumer"], &fixed["consumer"]),
        (&json!("broken"), &json!("fixed"))
    );
    let struck = |report: &Value| -> Vec<Value> {
        let faults = report["faults"].as_array().unwrap().iter();
        faults.map(|fault| fault["payment"].clone()).collect()
    };
    assert_eq!(struck(broken), struck(fixed));
    for report in [broken, fixed] {
        let (once, more) = ledger(report);
        assert_eq!(report["counts"]["once"], json!(once));
        assert_eq!(report["counts"]["duplicated"], json!(more));
    }
    assert!(ledger(broken).1 > 0 && ledger(fixed).1 == 0);
    assert_eq!(
        events.iter().filter(|event| event.name == "plan").count(),
        2
    );

    let metrics = server.get("/metrics").await.text().await.unwrap();
    let count = format!(
        "crashwindow_payments_total{{consumer=\"broken\",lab=\"01\",outcome=\"duplicated\"}} {}",
        ledger(broken).1
    );
    assert!(metrics.lines().any(|line| line == count), "{metrics}");
}

#[tokio::test]
async fn an_exploration_tells_its_cells_and_one_of_them_replays() {
    let server = Server::start().await;
    let request = json!({ "kind": "explore", "lab": "01", "consumer": "broken" });
    let events = server.work(&request).await;
    let report = &last(&events, "done")["report"];
    let cells = report["cells"].as_array().unwrap();
    assert_eq!(last(&events, "cell")["done"], json!(cells.len()));
    let run = report["run"].as_str().unwrap();
    let saved = std::fs::read(folder(report).join("explore.json")).unwrap();
    let saved: Value = serde_json::from_slice(&saved).unwrap();
    assert_eq!(&saved, report);
    let broken = cells
        .iter()
        .find(|cell| cell["verdict"] == "violated")
        .unwrap();
    let replay = broken["replay"].as_str().unwrap();
    let cell = replay.rsplit_once("cells/").unwrap().1;
    let request = json!({ "kind": "replay", "run": format!("{run}/cells/{cell}") });
    let events = server.work(&request).await;
    let again = &last(&events, "done")["report"];
    assert_eq!(again["verdict"], "violated", "{again}");
    assert!(ledger(again).1 > 0);
}

#[tokio::test]
async fn what_is_right_is_told_only_after_the_answer_and_its_run() {
    let server = Server::start().await;
    let quiz = server.json("/api/labs/01/quiz").await;
    let questions = quiz.as_array().unwrap();
    assert!(
        questions
            .iter()
            .all(|question| question["reveal"].is_null())
    );
    let text = quiz.to_string();
    assert!(
        !text.contains("\"right\"") && !text.contains("\"explain\""),
        "{text}"
    );
    let question = questions
        .iter()
        .rfind(|question| !question["run"].is_null())
        .unwrap();
    let answer = json!({ "question": question["id"], "option": "a" });
    let told: Value = server
        .post("/api/labs/01/quiz", &answer)
        .await
        .json()
        .await
        .unwrap();
    let of = |quiz: &Value| {
        let all = quiz.as_array().unwrap().iter();
        all.clone()
            .find(|q| q["id"] == question["id"])
            .unwrap()
            .clone()
    };
    assert_eq!(of(&told)["answer"]["chosen"], "a");
    assert!(of(&told)["reveal"].is_null(), "{told}");

    let shown = &question["run"];
    let request = json!({
        "kind": "run", "lab": "01",
        "consumer": shown["consumer"], "scenario": shown["scenario"],
    });
    server.work(&request).await;
    let told = of(&server.json("/api/labs/01/quiz").await);
    // This one, or one of the same that another test has done meanwhile: the first after the answer.
    let run = told["answer"]["run"].as_str().expect("it has a run");
    let report = server.json(&format!("/api/runs/{run}")).await;
    assert_eq!(
        (&report["consumer"], &report["scenario"]),
        (&shown["consumer"], &shown["scenario"])
    );
    let explained = told["reveal"]["explain"].as_array().unwrap().len();
    assert_eq!(explained, question["options"].as_array().unwrap().len());
    let duplicated = report["exceptions"].as_array().unwrap().len();
    assert_eq!(told["reveal"]["fates"]["duplicated"], json!(duplicated));
    assert_eq!(server.json("/api/labs/01").await["quiz"]["answered"], 1);
}
