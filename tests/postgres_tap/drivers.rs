//! The drivers of other languages, and psql, through the tap: the same results as without it.
//!
//! Each script of `tests/drivers` prints what it was told, once by the server and once by the tap.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crashwindow::event::Stage;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::desk::{Recording, pid};
use crate::lab::{Lab, server, within};
use crate::support::sdk::{node_packages, python_packages, run};
use crate::support::tools;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/drivers");

/// Python with the drivers. The tests share one installation, which must not be made twice at once.
async fn python() -> PathBuf {
    static INSTALLING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _alone = INSTALLING.lock().await;
    let (home, _) = python_packages("drivers-python", Path::new(SCRIPTS)).await;
    home.join("bin/python")
}

/// Runs a program on the server and on the tap, and returns what was recorded of it there.
async fn same_results(program: impl Fn() -> Command) -> Vec<String> {
    let (lab, recording): (Lab, Recording) = Lab::recording().await;
    let printed = async |at: SocketAddr| {
        let mut command = program();
        command.env("DATABASE_URL", lab.dsn(at));
        run(&mut command).await
    };
    let direct = printed(server()).await;
    let clean = lab.direct().await;
    clean
        .batch_execute("TRUNCATE paid")
        .await
        .expect("TRUNCATE");

    let tapped = printed(lab.tap.address()).await;

    assert!(
        direct.lines().count() > 5,
        "there is something to compare: {direct}"
    );
    assert_eq!(tapped, direct);
    recording.answered()
}

/// Asserts that these events were recorded one after the other, others between them or not.
#[track_caller]
fn assert_in_order(answered: &[String], expected: &[&str]) {
    let mut left = answered.iter();
    for line in expected {
        let found = left.any(|answered| answered == line);
        assert!(found, "missing, or out of order: {line}\nof {answered:#?}");
    }
}

#[tokio::test]
async fn psycopg_works_and_its_pipelines_too() {
    let python = python().await;
    let script = Path::new(SCRIPTS).join("with_psycopg.py");
    let answered = same_results(|| {
        let mut command = Command::new(&python);
        command.arg(&script);
        command
    })
    .await;
    // The server sends the error at once, and at the end of the pipeline what has become of the
    // transaction: they reach the tap together or apart.
    let apart = "SELECT ? / ? = 22012 division_by_zero | msg-0004 -";
    let together = apart.replace("msg-0004 -", "msg-0004 failed");
    let told = answered.into_iter();
    let told = told.map(|line| {
        if line == apart {
            together.clone()
        } else {
            line
        }
    });
    let answered: Vec<String> = told.collect();

    let expected = [
        "BEGIN = BEGIN | - open",
        "SELECT ? FROM paid WHERE id = $1 = SELECT 0 | msg-0001 open",
        "INSERT INTO paid VALUES ($1, $2) = INSERT 1 | msg-0001 open w",
        "COMMIT = COMMIT | msg-0001 idle w",
        "BEGIN = BEGIN | - open",
        "INSERT INTO paid VALUES ($1, $2) = 23505 unique_violation | msg-0001 failed w",
        "ROLLBACK = ROLLBACK | msg-0001 idle",
        "BEGIN = BEGIN | - open",
        "SAVEPOINT ? = SAVEPOINT | - open",
        "INSERT INTO paid VALUES ($1, $2) = 23505 unique_violation | msg-0001 failed w",
        "ROLLBACK TO ? = ROLLBACK | msg-0001 open",
        "INSERT INTO paid VALUES ($1, $2) = INSERT 1 | msg-0002 open w",
        "COMMIT = COMMIT | msg-0001,msg-0002 idle w",
        // From here in a pipeline.
        "BEGIN = BEGIN | - open",
        "INSERT INTO paid VALUES ($1, ?) RETURNING id = INSERT 1 | msg-0003 - w",
        "SELECT count(*) FROM paid WHERE id <> $1 = SELECT 1 | msg-0003 open",
        "SELECT $1::int * ? = SELECT 1 | msg-0003 -",
        "COMMIT = COMMIT | msg-0003 idle w",
        "BEGIN = BEGIN | - open",
        "INSERT INTO paid VALUES (?, ?) = INSERT 1 | msg-0004 - w",
        "SELECT ? / ? = 22012 division_by_zero | msg-0004 failed",
        "INSERT INTO paid VALUES (?, ?) = skipped | msg-0005 failed w",
        "ROLLBACK = ROLLBACK | msg-0004,msg-0005 idle",
        "INSERT INTO paid VALUES ($1, $2) = INSERT 1 | msg-1019 open w",
        "COPY paid FROM STDIN (FORMAT binary) = COPY 10000 | msg-1019 open w",
        "FETCH FORWARD ? FROM ? = FETCH 3 | msg-1019 open",
    ];
    assert_in_order(&answered, &expected);
}

#[tokio::test]
async fn asyncpg_works() {
    let python = python().await;
    let script = Path::new(SCRIPTS).join("with_asyncpg.py");
    let answered = same_results(|| {
        let mut command = Command::new(&python);
        command.arg(&script);
        command
    })
    .await;

    let expected = [
        "BEGIN = BEGIN | - open",
        "SELECT ? FROM paid WHERE id = $1 = SELECT 0 | msg-0001 open",
        "INSERT INTO paid VALUES ($1, $2) = INSERT 1 | msg-0001 open w",
        "SAVEPOINT ? = SAVEPOINT | msg-0001 open",
        "INSERT INTO paid VALUES ($1, $2) = 23505 unique_violation | msg-0001 failed w",
        "ROLLBACK TO ? = ROLLBACK | msg-0001 open",
        "COMMIT = COMMIT | msg-0001 idle w",
    ];
    assert_in_order(&answered, &expected);
}

#[tokio::test]
async fn node_postgres_works() {
    let (home, _) = node_packages("drivers-node", Path::new(SCRIPTS)).await;
    // Node resolves a package from where the script is.
    let script = home.join("with_pg.mjs");
    let original = Path::new(SCRIPTS).join("with_pg.mjs");
    std::fs::copy(original, &script).expect("the cache is writable");
    let answered = same_results(|| {
        let mut command = Command::new("node");
        command.arg(&script);
        command
    })
    .await;

    let expected = [
        "BEGIN = BEGIN | - open",
        "SELECT ? FROM paid WHERE id = $1 = SELECT 0 | msg-0001 open",
        "INSERT INTO paid VALUES ($1, $2) = INSERT 1 | msg-0001 open w",
        "COMMIT = COMMIT | msg-0001 idle w",
        "BEGIN = BEGIN | - open",
        "INSERT INTO paid VALUES ($1, $2) = 23505 unique_violation | msg-0001 failed w",
        "COMMIT = ROLLBACK | msg-0001 idle w",
        "INSERT INTO paid VALUES ($1, $2) = INSERT 1 | msg-0002 idle w",
        "INSERT INTO paid VALUES ($1, $2) = 23505 unique_violation | msg-0002 idle w",
        "INSERT INTO paid VALUES ($1, $2) = INSERT 1 | msg-0003 idle w",
    ];
    assert_in_order(&answered, &expected);
}

const PSQL: &str = "
    \\set ON_ERROR_STOP off
    \\d paid
    BEGIN; INSERT INTO paid VALUES ('msg-0001', 1), ('msg-0002', 2); COMMIT;
    INSERT INTO paid VALUES ('msg-0001', 1);
    DO $$ BEGIN RAISE NOTICE 'seen'; END $$;
    \\copy paid TO STDOUT
    SELECT $1 \\bind 'x' \\g
    LISTEN c; NOTIFY c, 'hello';
";

/// `psql` of the system; none where there is none.
fn psql(lab: &Lab, at: SocketAddr) -> Option<Command> {
    if !tools::PSQL.is_on_path() {
        return None;
    }
    let mut command = Command::new("psql");
    command.args(["-X", "-a"]).arg(lab.dsn(at));
    Some(command)
}

/// What a program prints to both of its outputs, given this input.
async fn output(mut command: Command, input: &str) -> (String, String) {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let spawned = piped.stderr(Stdio::piped()).kill_on_drop(true).spawn();
    let mut child = spawned.expect("psql starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    // It may have ended already, and says why.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = within("psql to end", child.wait_with_output()).await;
    let output = output.expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("psql prints text");
    (text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn psql_works() {
    let (lab, recording) = Lab::recording().await;
    let Some(direct) = psql(&lab, server()) else {
        return;
    };
    // Of the notification, which tells the process id of the backend.
    let without_pid = |(printed, errors): (String, String)| {
        let printed = printed
            .split("from server process")
            .next()
            .map(str::to_owned);
        (printed, errors)
    };
    let direct = without_pid(output(direct, PSQL).await);
    let clean = lab.direct().await;
    clean
        .batch_execute("TRUNCATE paid")
        .await
        .expect("TRUNCATE");

    let tapped = psql(&lab, lab.tap.address()).expect("it was there");
    let tapped = without_pid(output(tapped, PSQL).await);

    assert_eq!(tapped, direct);
    assert!(tapped.1.contains("duplicate key"), "{tapped:?}");
    let expected = [
        "BEGIN = BEGIN | - open",
        "INSERT INTO paid VALUES (?, ?) = INSERT 2 | msg-0001,msg-0002 open w",
        "COMMIT = COMMIT | msg-0001,msg-0002 idle w",
        "INSERT INTO paid VALUES (?, ?) = 23505 unique_violation | msg-0001 idle w",
        "COPY paid TO STDOUT = COPY 2 | - idle",
    ];
    assert_in_order(&recording.answered(), &expected);
}

#[tokio::test]
async fn a_client_that_insists_on_tls_fails_by_its_own_error() {
    let (lab, recording) = Lab::recording().await;
    let Some(mut insists) = psql(&lab, lab.tap.address()) else {
        return;
    };
    insists.env("PGSSLMODE", "require");

    let (_, errors) = output(insists, "SELECT 1").await;

    assert!(errors.contains("server does not support SSL"), "{errors}");
    assert_eq!(recording.told(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_process_that_is_killed_while_its_commit_is_held_leaves_no_lock() {
    let python = python().await;
    for stage in [Stage::Received, Stage::Answered] {
        let (lab, mut desk) = Lab::asking().await;
        let script = "import os, psycopg\n\
                      conn = psycopg.connect(os.environ['DATABASE_URL'])\n\
                      conn.execute(\"INSERT INTO paid VALUES ('msg-0001', 1)\")\n\
                      conn.commit()";
        let mut command = Command::new(&python);
        command.args(["-c", script]).kill_on_drop(true);
        command.env("DATABASE_URL", lab.dsn(lab.tap.address()));
        let mut child = command.spawn().expect("python starts");
        let question = desk.until(stage, "COMMIT").await;
        let pid = pid(&question.event);

        child.kill().await.expect("it was alive");

        lab.gone(pid).await;
        question.abandoned().await;
        let direct = lab.direct().await;
        let insert = "INSERT INTO paid VALUES ('msg-0001', 1)";
        let inserted = within("the lock", direct.execute(insert, &[])).await;
        let was_committed = stage == Stage::Answered;
        assert_eq!(inserted.is_err(), was_committed, "{stage:?}: {inserted:?}");
    }
}
