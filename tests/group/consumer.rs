//! A consumer in a process of its own, which can be frozen: this test binary, started once more.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::PATIENCE;

const SETTINGS: &str = "CRASHWINDOW_TEST_CONSUMER";
/// Sets the consumer's lines apart from those of the test harness.
const MARK: &str = "consumer says ";

/// A running consumer process; killed when dropped, frozen or not.
pub struct Consumer {
    child: Child,
    orders: ChildStdin,
    said: Receiver<String>,
    topic: String,
}

impl Consumer {
    pub fn start(topic: &str, settings: &[(&str, &str)]) -> Consumer {
        let settings = serde_json::to_string(&(topic, settings)).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "consumer::process", "--ignored", "--nocapture"])
            .env(SETTINGS, settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (say, said) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, words)) = line.split_once(MARK) {
                    // Nobody listens any more once the test is over.
                    let _ = say.send(words.to_string());
                }
            }
        });
        Consumer {
            child,
            orders,
            said,
            topic: topic.to_string(),
        }
    }

    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Orders a synchronous commit. A frozen consumer finds the order when it thaws.
    pub fn order_commit(&mut self, partition: i32, offset: i64) {
        writeln!(self.orders, "{} {partition} {offset}", self.topic).unwrap();
    }

    /// What came of the commit: `ok`, or librdkafka's name of the error.
    pub fn committed(&self) -> String {
        self.said
            .recv_timeout(PATIENCE)
            .expect("an answer to the commit")
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The other process: polls for ever and commits what it is told to, until its input ends.
#[test]
#[ignore = "started by the other tests as a consumer process"]
fn process() {
    let Ok(settings) = std::env::var(SETTINGS) else {
        return;
    };
    let (topic, settings): (String, Vec<(String, String)>) =
        serde_json::from_str(&settings).unwrap();
    let mut config = ClientConfig::new();
    config.extend(settings);
    let consumer: BaseConsumer = config.create().unwrap();
    consumer.subscribe(&[&topic]).unwrap();

    let (order, orders) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            order.send(line).unwrap();
        }
    });
    loop {
        let _ = consumer.poll(Duration::from_millis(20));
        match orders.try_recv() {
            Ok(line) => println!("{MARK}{}", commit(&consumer, &line)),
            Err(TryRecvError::Empty) => {}
            // Whoever started this is gone. Without the close of a drop, which would commit.
            Err(TryRecvError::Disconnected) => std::process::exit(0),
        }
    }
}

fn commit(consumer: &BaseConsumer, order: &str) -> String {
    let words: Vec<&str> = order.split(' ').collect();
    let mut offsets = TopicPartitionList::new();
    let (partition, offset) = (words[1].parse().unwrap(), words[2].parse().unwrap());
    offsets
        .add_partition_offset(words[0], partition, Offset::Offset(offset))
        .unwrap();
    match consumer.commit(&offsets, CommitMode::Sync) {
        Ok(()) => "ok".to_string(),
        Err(error) => match error.rdkafka_error_code() {
            Some(code) => format!("{code:?}"),
            None => error.to_string(),
        },
    }
}
