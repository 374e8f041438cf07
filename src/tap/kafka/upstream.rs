//! The way to the real brokers.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::time::timeout;

use crate::group::{Dialer, Stream};
use crate::stack::Security;

/// As the Java client (`socket.connection.setup.timeout.ms`).
const PATIENCE: Duration = Duration::from_secs(10);

/// What the cluster asks for happens here, so that the client speaks plaintext to the tap.
pub(super) struct Upstream {
    dialer: Dialer,
}

impl fmt::Debug for Upstream {
    // The settings hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upstream")
    }
}

impl Upstream {
    pub(super) fn new(security: &Security) -> io::Result<Self> {
        let dialer = Dialer::new(security).map_err(io::Error::other)?;
        Ok(Self { dialer })
    }

    /// The first (`host:port`) that answers.
    pub(super) async fn connect(&self, addresses: &[String]) -> io::Result<Box<dyn Stream>> {
        let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no address of a broker");
        for address in addresses {
            match timeout(PATIENCE, self.dialer.dial(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = io::Error::other(error),
                Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, address.clone()),
            }
        }
        Err(last)
    }
}
