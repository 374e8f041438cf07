//! A client of bytes: what no driver sends, or no driver shows.

use std::net::SocketAddr;

use bytes::{Buf, BytesMut};
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::Config;

use crate::lab::within;

pub struct Wire {
    pub stream: TcpStream,
    /// What the server offered to authenticate with.
    pub mechanisms: Vec<u8>,
}

impl Wire {
    pub async fn connect(at: SocketAddr) -> Self {
        let stream = TcpStream::connect(at).await.expect("a listener");
        Self {
            stream,
            mechanisms: Vec::new(),
        }
    }

    /// Connects and authenticates.
    pub async fn open(at: SocketAddr, config: &Config) -> Self {
        let mut wire = Self::connect(at).await;
        let user = config.get_user().expect("a user");
        let database = config.get_dbname().expect("a database");
        let parameters = [("user", user), ("database", database)];
        wire.send(|out| frontend::startup_message(parameters, out).expect("parameters"))
            .await;
        let password = config.get_password().expect("a password");
        let mut scram = ScramSha256::new(password, ChannelBinding::unsupported());
        loop {
            let (tag, body) = wire.message().await;
            match (tag, (body.len() >= 4).then(|| (&body[..4]).get_u32())) {
                (b'R', Some(10)) => {
                    wire.mechanisms = body[4..].to_vec();
                    let first = scram.message().to_vec();
                    wire.send(|out| {
                        let sent = frontend::sasl_initial_response(SCRAM_SHA_256, &first, out);
                        sent.expect("a short message");
                    })
                    .await;
                }
                (b'R', Some(11)) => {
                    scram.update(&body[4..]).expect("a challenge");
                    let next = scram.message().to_vec();
                    wire.send(|out| frontend::sasl_response(&next, out).expect("a response"))
                        .await;
                }
                (b'E', _) => panic!("refused: {}", String::from_utf8_lossy(&body)),
                (b'Z', _) => return wire,
                _ => {}
            }
        }
    }

    pub async fn send(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let mut out = BytesMut::new();
        write(&mut out);
        self.stream.write_all(&out).await.expect("it is connected");
    }

    pub async fn message(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let tag = self.stream.read_u8().await?;
            let length = self.stream.read_u32().await?;
            let mut body = vec![0; length as usize - 4];
            self.stream.read_exact(&mut body).await?;
            std::io::Result::Ok((tag, body))
        };
        within("a message", read).await.expect("it is connected")
    }

    /// All messages up to and with the `count`-th ReadyForQuery.
    pub async fn until_ready(&mut self, count: usize) -> Vec<(u8, Vec<u8>)> {
        let mut messages = Vec::new();
        let mut ready = 0;
        while ready < count {
            let message = self.message().await;
            ready += usize::from(message.0 == b'Z');
            messages.push(message);
        }
        messages
    }

    /// Everything until the connection is closed, also by a reset.
    pub async fn until_closed(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = self.stream.read_to_end(&mut bytes);
        let _ = within("the connection to be closed", read).await;
        bytes
    }
}

/// Parse, Bind with text parameters, Describe and Execute of a statement without a name.
pub fn statement(text: &str, parameters: &[&str], out: &mut BytesMut) {
    frontend::parse("", text, [], out).expect("a text without zero bytes");
    bind("", parameters, out);
    frontend::describe(b'P', "", out).expect("a short message");
    frontend::execute("", 0, out).expect("a short message");
}

pub fn bind(statement: &str, parameters: &[&str], out: &mut BytesMut) {
    let write = |parameter: &&str, out: &mut BytesMut| {
        out.extend_from_slice(parameter.as_bytes());
        Ok(postgres_protocol::IsNull::No)
    };
    let bound = frontend::bind("", statement, [], parameters, write, [], out);
    assert!(bound.is_ok(), "the parameters fit");
}
