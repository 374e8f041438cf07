//! The way to the real brokers.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::stack::{Protocol, Security};

/// What the Java client gives a connection (`socket.connection.setup.timeout.ms`).
const PATIENCE: Duration = Duration::from_secs(10);

/// An open connection to a broker, ready for Kafka's requests.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// How brokers are connected to. Whatever the cluster asks for happens here, so that the client
/// speaks plaintext to the tap.
#[derive(Debug)]
pub(super) struct Upstream;

impl Upstream {
    /// # Errors
    /// When the cluster wants encryption or credentials.
    pub(super) fn new(security: &Security) -> io::Result<Self> {
        match security.protocol {
            Protocol::Plaintext => Ok(Self),
            other => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "the Kafka tap speaks plaintext to brokers, and these want {}",
                    other.as_str()
                ),
            )),
        }
    }

    /// Connects to the first of these addresses (`host:port`) that answers.
    pub(super) async fn connect(&self, addresses: &[String]) -> io::Result<Box<dyn Stream>> {
        let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no address of a broker");
        for address in addresses {
            let connecting = timeout(PATIENCE, TcpStream::connect(address.as_str()));
            match connecting
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            {
                Ok(stream) => {
                    // A request is one write, and its answer is awaited.
                    stream.set_nodelay(true)?;
                    return Ok(Box::new(stream));
                }
                Err(error) => last = io::Error::new(error.kind(), format!("{address}: {error}")),
            }
        }
        Err(last)
    }
}
