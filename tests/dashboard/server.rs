//! A server of the tests' own, and its events.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use crate::support;

/// How long anything may take: an exploration does, on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(240);

/// Runs measure each other when there are several.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

pub struct Server {
    child: Child,
    pub url: String,
    pub token: String,
    pub http: Client,
    /// Where answers are kept.
    _data: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// One event of a job.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: u64,
    pub name: String,
    pub data: Value,
}

impl Server {
    pub async fn start() -> Self {
        let turn = ONE_AT_A_TIME.lock().await;
        let data = tempfile::tempdir().unwrap();
        let mut command = support::command(&["serve", "--port", "0", "--stack", "native"]);
        command.env("XDG_DATA_HOME", data.path());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let (url, token) = line
            .trim()
            .split_once("/#token=")
            .expect("a URL with a token");
        Self {
            url: url.to_owned(),
            token: token.to_owned(),
            child,
            http: Client::new(),
            _data: data,
            _turn: turn,
        }
    }

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap()
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.http.post(format!("{}{path}", self.url));
        let request = request.header("x-crashwindow-token", &self.token);
        request.json(body).send().await.unwrap()
    }

    /// Starts a job and returns its id.
    pub async fn start_job(&self, request: &Value) -> String {
        let response = self.post("/api/jobs", request).await;
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!(status, 202, "{request}: {body}");
        body["job"].as_str().unwrap().to_owned()
    }

    pub async fn follow(&self, job: &str, after: u64) -> Follow {
        let path = format!("/api/jobs/{job}/events?after={after}");
        let response = self.get(&path).await;
        assert_eq!(response.status(), 200, "{path}");
        Follow {
            response,
            text: String::new(),
            events: VecDeque::new(),
            seen: Vec::new(),
        }
    }

    /// All events of a job after one, to its end.
    pub async fn events(&self, job: &str, after: u64) -> Vec<Event> {
        let mut follow = self.follow(job, after).await;
        while follow.next().await.is_some() {}
        follow.seen
    }

    /// Does a job, and returns its events.
    pub async fn work(&self, request: &Value) -> Vec<Event> {
        let job = self.start_job(request).await;
        self.events(&job, 0).await
    }

    pub fn stop(&mut self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a process id"));
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill(pid, Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

/// Reads a job's events as they come.
pub struct Follow {
    response: Response,
    text: String,
    events: VecDeque<Event>,
    /// What was read so far.
    pub seen: Vec<Event>,
}

impl Follow {
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                self.seen.push(event.clone());
                return Some(event);
            }
            let chunk = tokio::time::timeout(DEADLINE, self.response.chunk()).await;
            let chunk = chunk.expect("waited for an event").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                self.events.extend(parse(event));
                self.text = rest.to_owned();
            }
        }
    }

    /// The next event of a name for which something holds.
    pub async fn until(&mut self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        while let Some(event) = self.next().await {
            if event.name == name && holds(&event.data) {
                return event.data;
            }
        }
        panic!("the job ended before the {name} that was waited for");
    }
}

/// None for what only keeps the connection alive.
fn parse(text: &str) -> Option<Event> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    Some(Event {
        id: field("id: ")?.parse().unwrap(),
        name: field("event: ")?.to_owned(),
        data: serde_json::from_str(field("data: ")?).unwrap(),
    })
}

/// The last event of a name.
#[track_caller]
pub fn last<'a>(events: &'a [Event], name: &str) -> &'a Value {
    let found = events.iter().rev().find(|event| event.name == name);
    &found
        .unwrap_or_else(|| panic!("no {name}: {events:?}"))
        .data
}

/// A run that is over in seconds.
pub fn run(consumer: &str) -> Value {
    json!({ "kind": "run", "lab": "01", "consumer": consumer, "payments": 40, "seed": 7 })
}

/// The folder of the run that a report is of.
pub fn folder(report: &Value) -> PathBuf {
    report["run_dir"].as_str().expect("a folder").into()
}
