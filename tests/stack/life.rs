//! A stack's ordinary life.

use std::path::Path;
use std::time::{Duration, Instant};

use crashwindow::stack::postgres;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use serde_json::Value;

use crate::lab::{Lab, block_on, open_folder, refused};
use crate::tools;

fn bootstrap(endpoints: &Value) -> &str {
    endpoints["kafka"]["bootstrap"]
        .as_str()
        .expect("an address")
}

fn admin_url(endpoints: &Value) -> &str {
    endpoints["postgres"]["admin_url"].as_str().expect("a DSN")
}

fn show(dsn: &str, setting: &str) -> String {
    block_on(async {
        let (client, _driver) = postgres::connect(dsn, None)
            .await
            .expect("Postgres answers");
        client
            .query_one(&format!("SHOW {setting}"), &[])
            .await
            .expect("a setting")
            .get(0)
    })
}

fn topics(bootstrap: &str) -> Vec<String> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .create()
        .expect("a client");
    let metadata = consumer
        .fetch_metadata(None, Duration::from_secs(5))
        .expect("Kafka answers");
    metadata
        .topics()
        .iter()
        .map(|topic| topic.name().to_string())
        .collect()
}

#[test]
fn a_stack_comes_up_once_answers_and_goes_without_a_trace() {
    let lab = Lab::new("life");
    assert_eq!(
        lab.run(&["status"]).status.code(),
        Some(1),
        "nothing is there yet"
    );
    let (endpoints, _) = lab.up(&[]);
    let pids = lab.pids();

    // Both are the real thing, and durable.
    let internal = topics(bootstrap(&endpoints));
    assert!(
        internal.contains(&"__consumer_offsets".to_string()),
        "warmed: {internal:?}"
    );
    assert!(
        internal.contains(&"__transaction_state".to_string()),
        "warmed: {internal:?}"
    );
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(show(admin_url(&endpoints), setting), "on", "{setting}");
    }
    let version = show(admin_url(&endpoints), "server_version");
    assert_eq!(endpoints["versions"]["postgres"], version);
    assert_eq!(endpoints["versions"]["kafka"], "4.4.0");
    first_group_begins_at_once(bootstrap(&endpoints));

    // A second `up` asks and leaves everything alone.
    let (again, said) = lab.up(&[]);
    assert_eq!(
        (&again, lab.pids()),
        (&endpoints, pids),
        "unchanged, {said}"
    );

    // It runs with other ports than these, and is not taken away from whoever uses it.
    let said = refused(&lab.run(&["up", "--kafka-port", "1"]));
    assert!(said.contains(bootstrap(&endpoints)), "{said}");
    assert_eq!(lab.pids(), pids);

    let folder = lab.folder();
    assert!(folder.is_dir());
    assert!(lab.down().contains("is down"));
    pids.assert_gone();
    assert!(!folder.exists(), "{} is gone", folder.display());
    let dsn = admin_url(&endpoints);
    assert!(
        block_on(postgres::connect(dsn, None)).is_err(),
        "nothing listens any more"
    );
    assert!(std::net::TcpStream::connect(bootstrap(&endpoints)).is_err());
    assert!(
        lab.down().contains("was not there"),
        "down twice is no error"
    );
    assert_eq!(lab.status()["reason"], Value::Null);
}

/// The first group of a broker waits for nobody else: how long that takes depends on the machine, so the
/// setting is what is looked at.
fn first_group_begins_at_once(bootstrap: &str) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .create()
        .expect("a client");
    let topic = NewTopic::new("first", 1, TopicReplication::Fixed(1));
    block_on(admin.create_topics([&topic], &AdminOptions::new())).expect("a topic");
    let metadata = admin.inner().fetch_metadata(None, Duration::from_secs(30));
    let broker = metadata.expect("an answer").brokers()[0].id();
    let asked = [ResourceSpecifier::Broker(broker)];
    let settings = block_on(admin.describe_configs(&asked, &AdminOptions::new()));
    let settings = settings.expect("an answer").remove(0).expect("settings");
    let delay = settings.get("group.initial.rebalance.delay.ms");
    assert_eq!(delay.and_then(|d| d.value.as_deref()), Some("0"));
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "first")
        .create()
        .expect("a consumer");
    let begun = Instant::now();
    consumer.subscribe(&["first"]).expect("subscribed");
    while consumer.assignment().expect("a list").count() == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "30 s and the first group has not begun"
        );
        if let Some(Err(error)) = consumer.poll(Duration::from_millis(20)) {
            panic!("the first group: {error}");
        }
    }
}

#[test]
fn two_ups_at_the_same_time_give_the_same_stack() {
    let lab = Lab::new("twice");
    let spawn = || {
        let mut command = lab.command(&["up", "--json"]);
        command
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("the binary runs")
    };
    let (first, second) = (spawn(), spawn());
    let first = first.wait_with_output().expect("it ends");
    let second = second.wait_with_output().expect("it ends");
    assert!(first.status.success() && second.status.success());
    assert_eq!(first.stdout, second.stdout);
    lab.pids();
}

#[test]
fn a_postgres_of_the_machine_can_be_used() {
    let lab = Lab::new("bin");
    // Brings the binaries in if no other test has.
    lab.up(&[]);
    lab.down();
    let bin = lab.artifact("postgres-").join("bin");
    let (endpoints, _) = lab.up(&["--postgres-bin", bin.to_str().expect("UTF-8")]);
    assert_eq!(show(admin_url(&endpoints), "fsync"), "on");
    let postgres = lab.pids().postgres;
    let program = std::fs::read_link(format!("/proc/{postgres}/exe")).expect("ours");
    assert_eq!(
        program,
        bin.join("postgres").canonicalize().expect("it exists")
    );
    lab.down();

    let said = refused(&lab.run(&["up", "--postgres-bin", "/usr"]));
    assert!(
        said.contains("in /usr cannot be used: it holds no initdb"),
        "{said}"
    );
}

#[test]
fn a_user_who_is_not_root_needs_nothing_else() {
    if !nix::unistd::geteuid().is_root() {
        tools::has_nothing_to_do("every other test runs as a user who is not root");
        return;
    }
    let lab = Lab::new("user");
    lab.up(&[]);
    lab.down();
    // The programs are shared; the stack is in a folder of that user's own.
    let folder = open_folder();
    let binary = folder.path().join("crashwindow");
    std::fs::copy(env!("CARGO_BIN_EXE_crashwindow"), &binary).expect("copied");
    let cache = folder.path().join("cache");
    std::fs::create_dir(&cache).expect("made");
    std::os::unix::fs::symlink(lab.cache().join("artifacts"), cache.join("artifacts"))
        .expect("linked");
    std::os::unix::fs::chown(&cache, Some(NOBODY), Some(NOBODY)).expect("given away");
    let as_nobody = |arguments: &[&str]| {
        let mut command = std::process::Command::new(&binary);
        std::os::unix::process::CommandExt::uid(&mut command, NOBODY);
        command
            .args(arguments)
            .arg("--cache")
            .arg(&cache)
            .env("HOME", "/nonexistent");
        command.current_dir("/").output().expect("the binary runs")
    };
    let up = as_nobody(&["up", "--json"]);
    assert!(
        up.status.success(),
        "{}",
        String::from_utf8_lossy(&up.stderr)
    );
    let endpoints: Value = serde_json::from_slice(&up.stdout).expect("JSON");
    assert_eq!(show(admin_url(&endpoints), "fsync"), "on");
    let down = as_nobody(&["down"]);
    assert!(
        down.status.success(),
        "{}",
        String::from_utf8_lossy(&down.stderr)
    );
    assert!(!Path::new(&cache).join("stacks/default").exists());
}

/// The user `nobody` of every Linux.
const NOBODY: u32 = 65534;

#[test]
fn asking_for_the_status_all_the_time_disturbs_nobody() {
    let lab = Lab::new("asked");
    let mut up = lab.command(&["up"]).spawn().expect("the binary runs");
    let status = loop {
        lab.status();
        if let Some(status) = up.try_wait().expect("ours") {
            break status;
        }
    };
    assert!(status.success(), "{status}");
    lab.pids();
}
