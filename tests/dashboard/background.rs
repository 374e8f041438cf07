//! The dashboard that `make lab-up` leaves running: it comes back at once, and ends with its stack.

use std::process::Output;

use crate::support;

fn crashwindow(name: &str, args: &[&str]) -> Output {
    let mut command = support::command(args);
    command.env("CRASHWINDOW_STACK", name).output().unwrap()
}

#[tokio::test]
async fn it_returns_at_once_is_not_started_twice_and_ends_with_its_stack() {
    // A stack that is not up: the dashboard is there to say so.
    let name = format!("dash-{}", std::process::id());
    let serve = ["serve", "--stack", "native", "--background", "--port", "0"];
    let first = crashwindow(&name, &serve);
    assert!(first.status.success(), "{first:?}");
    let url = String::from_utf8(first.stdout).unwrap();
    let page = url.split("/#").next().unwrap().to_owned();
    let health = reqwest::get(format!("{page}/api/health")).await.unwrap();
    let health: serde_json::Value = health.json().await.unwrap();
    assert_eq!(health["stack"]["state"], "down");
    let second = crashwindow(&name, &serve);
    assert_eq!(String::from_utf8(second.stdout).unwrap(), url);

    let down = crashwindow(&name, &["down"]);
    assert!(down.status.success(), "{down:?}");
    let gone = reqwest::get(format!("{page}/api/health")).await;
    assert!(gone.is_err_and(|error| error.is_connect()));
}
