//! What passes the Postgres tap does not stay in it. In a process of its own, whose memory is the
//! tap's.
#![cfg(target_os = "linux")]

mod support;

#[path = "postgres_tap/desk.rs"]
#[allow(dead_code, reason = "the tests beside it use what this one does not")]
mod desk;
#[path = "postgres_tap/lab.rs"]
#[allow(dead_code, reason = "the tests beside it use what this one does not")]
mod lab;
#[path = "postgres_tap/wire.rs"]
#[allow(dead_code, reason = "the tests beside it use what this one does not")]
mod wire;

use bytes::BytesMut;
use crashwindow::event::Stage;
use crashwindow::tap::Decision;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use desk::pid;
use lab::{Lab, within};
use wire::Wire;

/// In KiB. Two buffers of 64 KiB in each direction, and an allocator's slack.
const BOUND: u64 = 8 * 1024;

/// In KiB. What the statements that a client has open may take; an allocator's slack comes on top.
const OPEN: u64 = 64 * 1024;

const MIB: usize = 1 << 20;

/// The most memory that this process has ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    words.expect("a number of KiB")
}

/// Reads and forgets until so many bytes have come.
async fn skim(wire: &mut Wire, mut bytes: usize) {
    let mut chunk = vec![0; 64 * 1024];
    while bytes > 0 {
        let read = within("more of the answer", wire.stream.read(&mut chunk)).await;
        let read = read.expect("it is connected");
        assert!(read > 0, "{bytes} bytes are missing");
        bytes = bytes.saturating_sub(read);
    }
}

#[tokio::test]
async fn what_passes_does_not_stay() {
    let (lab, mut desk) = Lab::asking().await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    let direct = lab.direct().await;
    let before = peak();

    // Behind an answer that is held the server cannot get rid of the next one.
    let rows = "SELECT repeat('x', 1000000) FROM generate_series(1, 200)";
    wire.send(|out| {
        frontend::query("SELECT 1", out).expect("a text");
        frontend::query(rows, out).expect("a text");
    })
    .await;
    let mut held = None;
    while held.is_none() {
        let question = desk.any().await;
        match question.event.stage {
            Stage::Answered => held = Some(question),
            _ => question.decide(Decision::Pass),
        }
    }
    let held = held.expect("the first answer is held");
    // The second statement may have been asked about before or after the answer to the first.
    let pid = pid(&held.event);
    let waits = async {
        let waiting =
            "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'ClientWrite'";
        loop {
            if !direct
                .query(waiting, &[&pid])
                .await
                .expect("it answers")
                .is_empty()
            {
                break;
            }
            if let Some(question) = desk.now() {
                question.decide(Decision::Pass);
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    within("the server to wait until it is read from", waits).await;
    assert!(peak() - before < BOUND, "held: {} KiB", peak() - before);

    held.decide(Decision::Pass);
    desk.open();
    wire.until_ready(1).await;
    // RowDescription, 200 rows, CommandComplete and ReadyForQuery.
    skim(&mut wire, 32 + 200 * (11 + 1_000_000) + 16 + 6).await;
    assert!(peak() - before < BOUND, "rows: {} KiB", peak() - before);

    let size = 128 * MIB;
    let mut head = b"P\0\0\0\x19\0SELECT length($1)\0\0\0".to_vec();
    let length = |length: usize| u32::try_from(length).expect("it is short").to_be_bytes();
    head.push(b'B');
    head.extend_from_slice(&length(size + 16));
    head.extend_from_slice(b"\0\0\0\0\0\x01");
    head.extend_from_slice(&length(size));
    wire.stream.write_all(&head).await.expect("it is connected");
    let chunk = vec![b'x'; MIB];
    for _ in 0..size / MIB {
        let written = within("the parameter to be read", wire.stream.write_all(&chunk)).await;
        written.expect("it is connected");
    }
    wire.send(|out| {
        out.extend_from_slice(b"\0\0");
        frontend::execute("", 0, out).expect("short");
        frontend::sync(out);
    })
    .await;
    let answer = wire.until_ready(1).await;
    let row = answer.iter().find(|(tag, _)| *tag == b'D');
    let row = row.unwrap_or_else(|| panic!("no row in {answer:?}"));
    assert!(row.1.ends_with(size.to_string().as_bytes()), "{row:?}");
    assert!(
        peak() - before < BOUND,
        "parameter: {} KiB",
        peak() - before
    );

    // Each statement has a name of its own, and none is deallocated.
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    let text = "x".repeat(60_000);
    let mut statements = 0_u64;
    loop {
        let (name, query) = (format!("s{statements}"), format!("SELECT {text}"));
        let mut parse = BytesMut::new();
        frontend::parse(&name, &query, [], &mut parse).expect("a text");
        let written = within("a statement to be read", wire.stream.write_all(&parse)).await;
        if written.is_err() {
            break;
        }
        statements += 1;
        assert!(statements * 60 < 2 * OPEN, "it is not bounded");
    }
    assert!(
        peak() - before < BOUND + OPEN + OPEN / 2,
        "statements: {} KiB",
        peak() - before
    );
}
