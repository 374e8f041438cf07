//! Topics and things that are a run's own: made for it, named to the consumer, removed with it.

use crashwindow::verdict::{History, Verdict};
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::support::consumers::program;
use crate::support::{endpoints, explore};

/// The topics on the broker whose names begin so.
fn topics(beginning: &str) -> Vec<String> {
    let client: BaseConsumer = endpoints().kafka.client_config().create().unwrap();
    let metadata = client.fetch_metadata(None, std::time::Duration::from_secs(10));
    let metadata = metadata.expect("Kafka answers");
    let names = metadata
        .topics()
        .iter()
        .map(|topic| topic.name().to_owned());
    names.filter(|name| name.starts_with(beginning)).collect()
}

#[test]
fn a_runs_topics_are_named_to_the_consumer_read_and_removed() {
    let program = program("bad-habits");
    let folder = tempfile::tempdir().unwrap();
    let (names, resets) = (folder.path().join("names"), folder.path().join("resets"));
    let script = format!(
        "echo $KAFKA_TOPIC $KAFKA_PARKED_TOPIC >> {}; exec {} parks-and-makes-topics",
        names.display(),
        program.display()
    );
    let reset = format!(
        "echo $KAFKA_TOPIC $KAFKA_GROUP_ID $CRASHWINDOW_RUN >> {}",
        resets.display()
    );
    let report = explore(&[
        "--parked-topic",
        "dlq",
        "--parked",
        // Of the word that ends this run's ids, as it ends the name of its database.
        "SELECT 'msg-0003-' || substring(current_database() from '[^_]+$')",
        "--reset",
        &reset,
        "--faults",
        "duplicate",
        "--",
        "sh",
        "-c",
        &script,
    ]);
    assert_ne!(report.verdict, Verdict::Violated, "{}", report.headline);

    let names = std::fs::read_to_string(names).unwrap();
    for line in names.lines() {
        let (topic, parked) = line.split_once(' ').unwrap();
        assert_eq!(parked, format!("{topic}-dlq"));
        assert_eq!(topics(topic), [""; 0], "something is left of {topic}");
    }
    let resets = std::fs::read_to_string(resets).unwrap();
    let runs: Vec<&str> = resets.lines().collect();
    assert_eq!(runs.len(), report.cells.len() + 1, "{resets}");
    for line in runs {
        let run: Vec<&str> = line.split(' ').collect();
        assert!(matches!(run[..], [a, b, c] if a == b && b == c), "{line}");
        assert!(names.contains(run[0]), "{line} is not in {names}");
    }

    let cells = std::fs::read_dir(report.run_dir.join("cells")).unwrap();
    for cell in cells.flatten() {
        let text = std::fs::read_to_string(cell.path().join("history.json")).unwrap();
        let history: History = serde_json::from_str(&text).unwrap();
        // By the consumer the first, by the query the last.
        let parked: Vec<&str> = history.parked.iter().map(String::as_str).collect();
        assert_eq!(parked, ["msg-0001", "msg-0003"]);
    }
}
