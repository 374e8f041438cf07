//! How a dashboard begins and ends: in the background, as `make lab-up` leaves it, and beside a
//! terminal.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support;

const SERVE: [&str; 5] = ["serve", "--stack", "native", "--port", "0"];

/// On a stack of this name, which is not up: the dashboard is there to say so.
fn command(name: &str, args: &[&str]) -> Command {
    let mut command = support::command(args);
    command.env("CRASHWINDOW_STACK", name);
    command
}

fn crashwindow(name: &str, args: &[&str]) -> Output {
    command(name, args).output().unwrap()
}

/// One that was started and has printed its URL.
struct Foreground {
    child: Child,
    url: String,
}

impl Foreground {
    fn start(name: &str, more: &[&str]) -> Self {
        let mut command = command(name, &[&SERVE, more].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        Self { child, url }
    }

    /// What it said besides, when it has ended by itself and well.
    fn said(mut self) -> String {
        assert!(self.child.wait().unwrap().success());
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        said
    }

    fn interrupt(&self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        kill(pid, Signal::SIGINT).unwrap();
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        // Fails when it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn health(url: &str) -> reqwest::Result<serde_json::Value> {
    let page = url.split("/#").next().unwrap();
    reqwest::get(format!("{page}/api/health"))
        .await?
        .json()
        .await
}

/// Where the process that serves beside a stack writes its errors.
fn stderr_of(name: &str) -> String {
    let marker = format!("CRASHWINDOW_STACK={name}\0");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut servers = processes.filter(|process| {
        let read = |file: &str| std::fs::read(process.path().join(file)).unwrap_or_default();
        let environment = String::from_utf8_lossy(&read("environ")).into_owned();
        environment.contains(&marker) && read("cmdline").windows(7).any(|w| w == b"\0serve\0")
    });
    let server = servers.next().expect("it runs").path();
    let stderr = std::fs::read_link(server.join("fd/2")).unwrap();
    stderr.to_string_lossy().into_owned()
}

#[tokio::test]
async fn it_returns_at_once_is_not_started_twice_and_ends_with_its_stack() {
    let name = format!("dash-{}", std::process::id());
    let serve = [&SERVE[..], &["--background"]].concat();
    let first = crashwindow(&name, &serve);
    assert!(first.status.success(), "{first:?}");
    let url = String::from_utf8(first.stdout).unwrap();
    assert_eq!(health(&url).await.unwrap()["stack"]["state"], "down");
    // Who started it has gone, and nobody would read a pipe.
    let stderr = stderr_of(&name);
    assert!(
        stderr.ends_with(&format!("/dashboards/{name}/log")),
        "{stderr}"
    );
    let second = crashwindow(&name, &serve);
    assert_eq!(String::from_utf8(second.stdout).unwrap(), url);

    let down = crashwindow(&name, &["down"]);
    assert!(down.status.success(), "{down:?}");
    assert!(health(&url).await.is_err_and(|error| error.is_connect()));
}

#[test]
fn two_that_are_started_at_once_are_one() {
    let name = format!("dash-twice-{}", std::process::id());
    let serve = [&SERVE[..], &["--background"]].concat();
    let started = [(); 4].map(|()| {
        let mut command = command(&name, &serve);
        command.stdout(Stdio::piped()).spawn().unwrap()
    });
    let urls = started.map(|child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    });
    assert!(urls.iter().all(|url| *url == urls[0]), "{urls:?}");
    assert!(crashwindow(&name, &["down"]).status.success());
}

#[test]
fn one_that_cannot_begin_in_the_background_says_why() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let name = format!("dash-taken-{}", std::process::id());
    let serve = [
        "serve",
        "--stack",
        "native",
        "--background",
        "--port",
        &port,
    ];
    let output = crashwindow(&name, &serve);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&port) && said.contains("next: "), "{said}");
    assert!(crashwindow(&name, &["down"]).status.success());
}

#[tokio::test]
async fn one_beside_a_terminal_ends_with_its_stack_and_says_so() {
    let name = format!("dash-fore-{}", std::process::id());
    let (first, second) = (Foreground::start(&name, &[]), Foreground::start(&name, &[]));
    assert_ne!(first.url, second.url);
    assert!(health(&first.url).await.is_ok());
    // One of two that is interrupted leaves the other alone, and is not blamed on the stack.
    second.interrupt();
    assert_eq!(second.said(), "");
    assert!(health(&first.url).await.is_ok());
    assert!(crashwindow(&name, &["down"]).status.success());
    let said = first.said();
    assert!(said.contains(&name) && said.contains("next: "), "{said}");
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_warned_of() {
    let name = format!("dash-open-{}", std::process::id());
    let open = Foreground::start(&name, &["--listen", "0.0.0.0"]);
    // The URL is one that works here.
    assert!(open.url.starts_with("http://127.0.0.1:"), "{}", open.url);
    assert!(health(&open.url).await.is_ok());
    open.interrupt();
    let said = open.said();
    assert!(said.starts_with("warning: 0.0.0.0:"), "{said}");

    let closed = Foreground::start(&name, &["--listen", "::1"]);
    assert!(closed.url.starts_with("http://[::1]:"), "{}", closed.url);
    closed.interrupt();
    assert_eq!(closed.said(), "");
    assert!(crashwindow(&name, &["down"]).status.success());
}
