//! The tap's pumps on a script: see [`crate::tap::fuzz`].

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::connection::{Connection, Plaintext, Shared};
use super::hangup::Hangup;
use super::startup::{self, Opening};
use super::upstream::Upstream;
use super::{Options, backend, frontend};
use crate::tap::Hook;
use crate::tap::fuzz::{Side, source, stage, steps};

/// The connection's end is watched and never comes: the scripts' clients stay to the end.
struct Harness {
    runtime: Runtime,
    _client: TcpStream,
    watched: TcpStream,
}

thread_local! {
    static FIELD: Harness = Harness::new();
}

impl Harness {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (client, watched) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let client = TcpStream::connect(address).await.expect("a connection");
            (client, listener.accept().await.expect("a connection").0)
        });
        Self {
            runtime,
            _client: client,
            watched,
        }
    }
}

/// How many events it made. Panics when the tap does, or when what came out is not what went in.
#[must_use]
pub fn converse(script: &[u8]) -> usize {
    FIELD.with(|field| field.runtime.block_on(play(script, &field.watched)))
}

async fn play(script: &[u8], watched: &TcpStream) -> usize {
    let (from_client, mut from_server, striker) = stage(script);
    let mut client = tokio::io::join(from_client, Vec::new());
    let mut lost = tokio::io::sink();
    let opening = tokio::select! {
        biased;
        opening = startup::opening(&mut client) => opening.ok(),
        // What it says before it is connected is lost.
        _ = tokio::io::copy(&mut from_server, &mut lost) => None,
    };
    let Some(Opening::Session(_)) = opening else {
        return 0;
    };
    let (mut from_client, _) = client.into_inner();
    from_client.said.clear();
    from_server.said.clear();
    let striker = Arc::new(striker);
    let shared = Shared {
        source: source(),
        upstream: Upstream::plain("127.0.0.1", 1),
        hook: Arc::clone(&striker) as Arc<dyn Hook>,
        options: Options {
            keep_parameters: true,
            ..Options::default()
        },
        plaintext: Plaintext::default(),
    };
    let hangup = Hangup::of(watched).expect("a descriptor");
    let connection = Connection::new(&shared, &hangup);
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    let _ = tokio::select! {
        biased;
        ended = frontend::pump(&connection, &mut from_client, &mut to_server) => ended,
        ended = backend::pump(&connection, &mut from_server, &mut to_client) => ended,
    };
    assert!(from_client.said.starts_with(&to_server), "to the server");
    assert!(from_server.said.starts_with(&to_client), "to the client");
    striker.events()
}

/// One that prepares, one that does not, a COPY, an error in a pipeline, a row larger than what is
/// kept.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    use Side::{Client, Server};
    let large = vec![b'x'; 70_000];
    let conversations: [&[(Side, u8, &[u8])]; 5] = [
        &[
            (Client, b'Q', b"BEGIN; INSERT INTO t VALUES ('msg-0003')\0"),
            (Server, b'C', b"BEGIN\0"),
            (Server, b'C', b"INSERT 0 1\0"),
            (Server, b'Z', b"T"),
            (Client, b'Q', b"COMMIT\0"),
            (Server, b'N', b"SNOTICE\0\0"),
            (Server, b'C', b"COMMIT\0"),
            (Server, b'Z', b"I"),
            (Client, b'X', b""),
        ],
        &[
            (Client, b'P', b"s1\0INSERT INTO t VALUES ($1)\0\0\0"),
            (Client, b'D', b"Ss1\0"),
            (Client, b'S', b""),
            (Server, b'1', b""),
            (Server, b't', b"\0\x01\0\0\0\x19"),
            (Server, b'n', b""),
            (Server, b'Z', b"I"),
            (Client, b'B', b"\0s1\0\0\0\0\x01\0\0\0\x08msg-0017\0\0"),
            (Client, b'E', b"\0\0\0\0\0"),
            (Client, b'C', b"Ss1\0"),
            (Client, b'S', b""),
            (Server, b'2', b""),
            (Server, b'C', b"INSERT 0 1\0"),
            (Server, b'3', b""),
            (Server, b'Z', b"I"),
        ],
        &[
            (Client, b'P', b"\0COPY t FROM STDIN\0\0\0"),
            (Client, b'B', b"\0\0\0\0\0\0\0\0"),
            (Client, b'E', b"\0\0\0\0\0"),
            (Client, b'S', b""),
            (Server, b'1', b""),
            (Server, b'2', b""),
            (Server, b'G', b"\0\0\0"),
            (Client, b'd', b"1\tmsg-0004\n"),
            (Client, b'c', b""),
            (Client, b'S', b""),
            (Server, b'C', b"COPY 1\0"),
            (Server, b'Z', b"I"),
        ],
        &[
            (Client, b'B', b"p\0\0\0\0\0\0\0\0"),
            (Client, b'E', b"p\0\0\0\0\x05"),
            (Client, b'H', b""),
            (Client, b'E', b"p\0\0\0\0\0"),
            (Client, b'C', b"Pp\0"),
            (Client, b'S', b""),
            (Server, b'2', b""),
            (Server, b'D', b"\0\x01\0\0\0\x01x"),
            (Server, b's', b""),
            (Server, b'E', b"SERROR\0VERROR\0C40001\0Mno\0\0"),
            (Server, b'Z', b"E"),
        ],
        &[
            (Client, b'F', b"\0\0\0\x01\0\0\0\0\0\0"),
            (Server, b'V', b"\xff\xff\xff\xff"),
            (Server, b'Z', b"I"),
            (Client, b'Q', b"SELECT 'msg-0001', E'\\n', $$x$$ -- y\0"),
            (Server, b'T', b"\0\0"),
            (Server, b'D', &large),
            (Server, b'C', b"SELECT 1\0"),
            (Server, b'E', b"SFATAL\0VFATAL\0C57P01\0Mno\0\0"),
        ],
    ];
    let seed = |messages: &[(Side, u8, &[u8])]| {
        let mut script = vec![0];
        script.extend(steps(Client, b"\0\0\0\x08\x04\xd2\x16\x2f"));
        script.extend(steps(Client, b"\0\0\0\x10\0\x03\0\0user\0x\0\0"));
        script.extend(steps(Server, &framed(b'R', b"\0\0\0\0")));
        script.extend(steps(Server, &framed(b'K', b"\0\0\0\x11\0\0\0\x22")));
        script.extend(steps(Server, &framed(b'Z', b"I")));
        let steps = messages
            .iter()
            .flat_map(|(side, tag, body)| steps(*side, &framed(*tag, body)));
        script.extend(steps);
        script
    };
    conversations.map(seed).into()
}

pub(super) fn framed(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short body");
    [&[tag], &length.to_be_bytes()[..], body].concat()
}

#[cfg(test)]
mod tests {
    use super::{converse, seeds};

    /// A seed that ended early would teach the fuzzer nothing.
    #[test]
    fn every_seed_is_a_conversation_that_goes_to_its_end() {
        let events: Vec<usize> = seeds().iter().map(|seed| converse(seed)).collect();
        assert_eq!(events, [4, 2, 2, 4, 4]);
    }

    #[test]
    fn what_is_struck_in_a_script_ends_it() {
        for decision in [0x40, 0x80, 0xc0] {
            let mut seed = seeds().remove(0);
            seed[0] = decision;
            assert_eq!(converse(&seed), 1);
        }
    }
}
