//! Hostile bytes, from either side: random ones, and valid streams that were damaged.
//! `CRASHWINDOW_FUZZ_CASES` makes it run longer; `CRASHWINDOW_FUZZ_SEED` repeats a run.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::frame::{Frames, INSPECTED, Piece, Side};
use super::fuzz::framed;
use super::session::{ConnectionState, Unserved};
use super::statement::Statement;
use crate::event::Marks;

/// A second or two without optimisation.
const CASES: u64 = 3000;

const CHUNK: usize = 4096;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[derive(Default)]
struct Met {
    messages: usize,
    refused: usize,
}

/// A failing test prints the seed.
fn cases(mut case: impl FnMut(&mut ChaCha8Rng)) {
    let seed = setting("CRASHWINDOW_FUZZ_SEED").unwrap_or_else(rand::random);
    let cases = setting("CRASHWINDOW_FUZZ_CASES").unwrap_or(CASES);
    println!("CRASHWINDOW_FUZZ_SEED={seed} CRASHWINDOW_FUZZ_CASES={cases}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..cases {
        case(&mut random);
    }
}

fn converse(random: &mut ChaCha8Rng, client: &[u8], server: &[u8], met: &mut Met) {
    let mut session = ConnectionState::new(true, Marks::default());
    let mut sides = [(Side::Client, client), (Side::Server, server)]
        .map(|(side, bytes)| Some((side, Frames::new(side), bytes)));
    while sides.iter().any(Option::is_some) {
        let at = random.random_range(0..2);
        let Some((side, frames, left)) = &mut sides[at] else {
            continue;
        };
        let length = left.len().min(random.random_range(1..CHUNK));
        frames.buffer.extend_from_slice(&left[..length]);
        *left = &left[length..];
        let fed = feed(*side, frames, &mut session, met);
        assert!(frames.buffer.len() <= INSPECTED + CHUNK, "it is bounded");
        met.refused += usize::from(fed.is_err());
        if fed.is_err() || left.is_empty() {
            sides[at] = None;
        }
    }
}

fn feed(
    side: Side,
    frames: &mut Frames,
    session: &mut ConnectionState,
    met: &mut Met,
) -> Result<(), Unserved> {
    while let Some(piece) = frames.next()? {
        if let Piece::Message(message) = piece {
            met.messages += 1;
            match side {
                Side::Client => drop(session.ask(&message)?),
                Side::Server => drop(session.hear(&message)),
            }
        }
    }
    Ok(())
}

const CLIENT: &[(u8, &[u8])] = &[
    (b'P', b"s1\0INSERT INTO t VALUES ($1)\0\0\0"),
    (b'P', b"\0SELECT 'msg-0001'\0\0\0"),
    (b'B', b"\0s1\0\0\0\0\x01\0\0\0\x08msg-0017\0\0"),
    (b'D', b"P\0"),
    (b'E', b"\0\0\0\0\0"),
    (b'C', b"Ss1\0"),
    (b'S', b""),
    (b'H', b""),
    (b'Q', b"BEGIN; INSERT INTO t VALUES ('msg-0003'); COMMIT\0"),
    (b'F', b"\0\0\0\x01\0\0\0\0\0\0"),
    (b'd', b"1\tmsg-0004\n"),
    (b'c', b""),
    (b'f', b"no\0"),
    (b'X', b""),
];

const SERVER: &[(u8, &[u8])] = &[
    (b'R', b"\0\0\0\0"),
    (b'K', b"\0\0\0\x11\0\0\0\x22"),
    (b'1', b""),
    (b'2', b""),
    (b'3', b""),
    (b'n', b""),
    (b's', b""),
    (b'I', b""),
    (b'T', b"\0\0"),
    (b'D', b"\0\0"),
    (b'C', b"INSERT 0 1\0"),
    (b'E', b"SERROR\0VERROR\0C23505\0Mno\0\0"),
    (b'E', b"SFATAL\0VFATAL\0C57P01\0Mno\0\0"),
    (b'G', b"\0\0\0"),
    (b'H', b"\0\0\0"),
    (b'W', b"\0\0\0"),
    (b'd', b"1\n"),
    (b'c', b""),
    (b'A', b"\0\0\0\x11c\0\0"),
    (b'N', b"\0"),
    (b'Z', b"I"),
    (b'Z', b"T"),
    (b'Z', b"E"),
];

fn stream(random: &mut ChaCha8Rng, of: &[(u8, &[u8])]) -> Vec<u8> {
    let messages = random.random_range(0..40);
    let some = |random: &mut ChaCha8Rng| {
        let (tag, body) = of.choose(random).expect("there are some");
        framed(*tag, body)
    };
    let mut bytes: Vec<u8> = (0..messages).flat_map(|_| some(random)).collect();
    for _ in 0..random.random_range(0..4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..3) {
            0 => bytes[at] = random.random(),
            1 => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn damaged_streams_end_in_order_and_in_bounded_memory() {
    let mut met = Met::default();
    cases(|random| {
        let client = stream(random, CLIENT);
        let server = stream(random, SERVER);
        converse(random, &client, &server, &mut met);
    });
    assert!(met.messages > met.refused, "most of it is the protocol");
    assert!(met.refused > 0, "some of it is not");
}

#[test]
fn noise_is_refused() {
    let mut met = Met::default();
    cases(|random| {
        let mut noise = || -> Vec<u8> { (0..200).map(|_| random.random()).collect() };
        let (client, server) = (noise(), noise());
        converse(random, &client, &server, &mut met);
    });
    assert!(met.refused > 0, "none of it is the protocol");
}

#[test]
fn any_text_has_a_signature() {
    let parts = [
        "SELECT",
        "IN",
        "VALUES",
        "ARRAY",
        "(",
        ")",
        "[",
        "]",
        ",",
        ";",
        " ",
        "'",
        "''",
        "\"",
        "$$",
        "$a$",
        "$1",
        "E'\\",
        "--",
        "\n",
        "/*",
        "*/",
        "-",
        "1",
        ".5e+",
        "::",
        "ü",
        "SAVEPOINT",
        "ROLLBACK",
        "TO",
        "U&'",
        "COMMIT",
        "\\",
        "\0",
        "x",
    ];
    cases(|random| {
        let words = random.random_range(0..30);
        let text: String = (0..words)
            .map(|_| *parts.choose(random).expect("there are some"))
            .collect();
        let statement = Statement::parse(&text, &Marks::default());
        assert!(
            statement.signature.len() <= text.len() + 2 * words,
            "{text}"
        );
    });
}

/// Each message another than the last, until the tap refuses one.
fn planted(message: impl Fn(usize) -> Vec<u8>) -> (usize, String) {
    let (mut session, mut met) = (small(), Met::default());
    let mut frames = Frames::new(Side::Client);
    for number in 0.. {
        frames.buffer.extend_from_slice(&message(number));
        if let Err(refused) = feed(Side::Client, &mut frames, &mut session, &mut met) {
            return (number, refused.to_string());
        }
    }
    unreachable!("it is bounded")
}

/// Far less than a client may have open, so that a test is soon beyond it.
const OPEN: usize = 1 << 20;

fn small() -> ConnectionState {
    ConnectionState::within(OPEN, true, Marks::default())
}

fn long() -> String {
    "x".repeat(OPEN / 100)
}

#[test]
fn a_client_that_closes_nothing_is_refused_with_what_to_do() {
    let text = long();
    let statement = |n| framed(b'P', format!("s{n}\0SELECT {text}\0\0\0").as_bytes());
    // One name for all of them: the portals keep what they stand for.
    let portal = |n| {
        let parse = framed(b'P', format!("\0SELECT {text}\0\0\0").as_bytes());
        let bind = framed(b'B', format!("p{n}\0\0\0\0\0\0\0\0").as_bytes());
        [parse, bind].concat()
    };
    let query = |_| framed(b'Q', format!("SELECT {text}\0").as_bytes());
    let sync = |_| framed(b'S', b"");
    let cases = [
        (planted(statement), "1 MiB of prepared statements"),
        (planted(portal), "1 MiB of portals"),
        (planted(query), "1 MiB of statements without an answer"),
        (planted(sync), "1 MiB of statements without an answer"),
    ];
    for ((number, refused), told) in cases {
        assert!(number > 50, "{told} after {number}");
        assert!(
            refused.contains(told) && refused.contains("; let it "),
            "{refused}"
        );
    }
}

#[test]
fn a_client_that_closes_what_it_opens_is_served_for_ever() {
    let text = long();
    let (mut session, mut met) = (small(), Met::default());
    let (mut client, mut server) = (Frames::new(Side::Client), Frames::new(Side::Server));
    server.buffer.extend_from_slice(&framed(b'Z', b"I"));
    for number in 0..1_000 {
        let asked = [
            framed(b'P', format!("s{number}\0SELECT {text}\0\0\0").as_bytes()),
            framed(
                b'B',
                format!("p{number}\0s{number}\0\0\0\0\0\0\0").as_bytes(),
            ),
            framed(b'E', format!("p{number}\0\0\0\0\0").as_bytes()),
            framed(b'C', format!("Ss{number}\0").as_bytes()),
            framed(b'S', b""),
        ];
        client.buffer.extend_from_slice(&asked.concat());
        feed(Side::Client, &mut client, &mut session, &mut met).expect("it is served");
        let action = [
            framed(b'1', b""),
            framed(b'2', b""),
            framed(b'C', b"SELECT 1\0"),
            framed(b'3', b""),
            framed(b'Z', b"I"),
        ];
        server.buffer.extend_from_slice(&action.concat());
        feed(Side::Server, &mut server, &mut session, &mut met).expect("it is served");
    }
}
