//! Clients in other languages, unmodified: each consumes the same payments past the tap and through
//! it, and must tell the same; the events must tell it too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crashwindow::event::{Stage, message_id};
use crashwindow::stack;
use crashwindow::tap::kafka::Detail;
use tokio::process::Command;

use crate::clients::{delivered, kafka};
use crate::cluster::Cluster;
use crate::recorder::Recorder;
use crate::support::sdk::{installed, read, run};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka_tap/sdk");

#[tokio::test]
async fn confluent_kafka_of_python_works_and_is_seen() {
    let python = python().await;
    let script = Path::new(SCRIPTS).join("with_confluent.py");
    same_with_and_without("confluent", &|| arguments(&python, [&script])).await;
}

#[tokio::test]
async fn aiokafka_works_and_is_seen() {
    let python = python().await;
    let script = Path::new(SCRIPTS).join("with_aiokafka.py");
    same_with_and_without("aiokafka", &|| arguments(&python, [&script])).await;
}

#[tokio::test]
async fn kafkajs_works_and_is_seen() {
    let manifest = read(&Path::new(SCRIPTS).join("package.json"));
    let home = installed("kafka-tap-node", &manifest, async |home| {
        std::fs::write(home.join("package.json"), &manifest).expect("the cache is writable");
        let quiet = [
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
        ];
        run(Command::new("npm").args(quiet).current_dir(home)).await;
    })
    .await;
    // Node resolves a package from where the script is.
    let script = home.join("with_kafkajs.mjs");
    std::fs::copy(Path::new(SCRIPTS).join("with_kafkajs.mjs"), &script).expect("it is writable");
    same_with_and_without("kafkajs", &|| arguments("node", [&script])).await;
}

#[tokio::test]
async fn the_java_client_works_and_is_seen() {
    for protocol in ["classic", "consumer"] {
        same_with_and_without(&format!("java-{protocol}"), &|| java(&[protocol])).await;
    }
}

#[tokio::test]
async fn every_codec_of_the_java_client_is_read() {
    let cluster = Cluster::new("java-codecs", 1).await;
    let recorder = Recorder::new();
    let tap = cluster.tap(&recorder);
    let mut program = java(&["classic", "gzip", "snappy", "lz4", "zstd"]);
    let printed = consume(&mut program, &tap.bootstrap(), &cluster.topic, "codecs").await;
    let expected = (0..40).map(|n| ((0, n), message_id(u32::try_from(n).expect("small") + 1)));
    assert_eq!(printed, expected.collect());
    let events = recorder.events();
    assert_eq!(delivered(&events, &cluster.topic), printed);
    let produced = events
        .iter()
        .filter(|e| e.signature == "kafka Produce {topic}" && e.stage == Stage::Answered)
        .flat_map(|event| match kafka(event) {
            Detail::Produce(productions) => productions.clone(),
            other => panic!("{other:?}"),
        })
        .flat_map(|production| production.payments);
    let produced: Vec<_> = produced.flatten().collect();
    assert_eq!(produced, (1..=40).map(message_id).collect::<Vec<_>>());
}

async fn python() -> PathBuf {
    let requirements = Path::new(SCRIPTS).join("requirements.txt");
    // Two tests want it, and it is made once.
    static MADE: tokio::sync::OnceCell<PathBuf> = tokio::sync::OnceCell::const_new();
    let home = MADE.get_or_init(|| async {
        installed("kafka-tap-python", &read(&requirements), async |home| {
            run(Command::new("python3").args(["-m", "venv"]).arg(home)).await;
            let mut pip = Command::new(home.join("bin/pip"));
            run(pip.args(["install", "--quiet", "-r"]).arg(&requirements)).await;
        })
        .await
    });
    home.await.join("bin/python")
}

fn arguments<const N: usize>(
    program: impl AsRef<std::ffi::OsStr>,
    paths: [&PathBuf; N],
) -> Command {
    let mut command = Command::new(program);
    command.args(paths);
    command
}

/// The broker's own jars hold the client and its codecs.
fn java(words: &[&str]) -> Command {
    let mut command = Command::new("java");
    command
        .arg("-cp")
        .arg(jars().join("*"))
        .arg(Path::new(SCRIPTS).join("Consume.java"));
    command.args(words);
    command
}

/// Where the stack under test keeps them: its broker runs from there.
fn jars() -> PathBuf {
    let cache = std::env::var_os("CRASHWINDOW_CACHE").map(PathBuf::from);
    let options = stack::StackOptions {
        cache,
        ..stack::StackOptions::default()
    };
    let runs = stack::runs_folder(&options).expect("the stack is up");
    let artifacts = runs.parent().expect("it is in the cache").join("artifacts");
    let folders = std::fs::read_dir(&artifacts)
        .expect("the stack is up")
        .flatten();
    let kafka = folders.map(|folder| folder.path()).find(|folder| {
        let name = folder.file_name().expect("a name").to_string_lossy();
        name.starts_with("kafka-")
    });
    kafka.unwrap_or_else(|| panic!("no Kafka in {}", artifacts.display()))
}

async fn same_with_and_without(what: &str, program: &dyn Fn() -> Command) {
    let cluster = Cluster::new(what, 1).await;
    cluster.produce(1, 10, 1).await;
    let direct = &cluster.kafka.bootstrap;
    let expected = consume(&mut program(), direct, &cluster.topic, "direct").await;
    assert_eq!(expected.len(), 10);

    let recorder = Recorder::new();
    let tap = cluster.tap(&recorder);
    let printed = consume(
        &mut program(),
        &tap.bootstrap(),
        &cluster.topic,
        &cluster.topic,
    )
    .await;
    assert_eq!(printed, expected);
    let events = recorder.events();
    assert_eq!(delivered(&events, &cluster.topic), expected);
    let commits = events
        .iter()
        .filter(|e| e.signature == "kafka OffsetCommit" && e.stage == Stage::Answered)
        .map(|event| (event.outcome.clone(), event.message().map(str::to_owned)));
    let each = (1..=10).map(|n| (format!("offset {n}"), Some(message_id(n))));
    assert_eq!(commits.collect::<Vec<_>>(), each.collect::<Vec<_>>());
    assert_eq!(cluster.committed(0).await, Some(10));
    assert_eq!(tap.member(), None, "it left when it closed");
}

async fn consume(
    program: &mut Command,
    bootstrap: &str,
    topic: &str,
    group: &str,
) -> BTreeMap<(i32, i64), String> {
    program
        .env("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
        .env("KAFKA_TOPIC", topic)
        .env("KAFKA_GROUP_ID", group);
    let printed = run(program).await;
    let lines = printed.lines().map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        let [partition, offset, id] = words.as_slice() else {
            panic!("{line}")
        };
        let place = (
            partition.parse().expect("a number"),
            offset.parse().expect("a number"),
        );
        (place, (*id).to_owned())
    });
    lines.collect()
}
