//! The pages in a real browser, on a live stack: tests/browser holds what they show against the run
//! folders.

use std::path::Path;

use tokio::process::Command;

use crate::server::Server;
use crate::support::sdk::run;

#[tokio::test]
async fn every_page_shows_what_the_ledger_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = root.join("tests/browser");
    let mut install = Command::new(root.join("scripts/node-packages.sh"));
    run(install.arg(&tests)).await;
    let server = Server::start().await;
    let url = format!("{}/#token={}", server.url, server.token);
    let mut walk = Command::new("npx");
    walk.args(["playwright", "test", "--project", "walk"])
        .current_dir(&tests)
        .env("DASHBOARD", url);
    run(&mut walk).await;
}
