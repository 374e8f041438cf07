//! The listener of one incarnation of an instance, and its connections.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use tokio::task::{AbortHandle, JoinSet};

use super::Options;
use super::connection::{self, Plaintext, Shared};
use super::upstream::Upstream;
use crate::event::Source;
use crate::tap::Hook;

/// An address at which Postgres is reached by one incarnation of one instance, so that whatever
/// arrives there was sent by it.
///
/// Dropping it closes the socket and all connections, on both sides and without another byte. The
/// server goes on with a statement that it is executing, as it does when a client dies.
#[derive(Debug)]
pub struct PostgresTap {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl PostgresTap {
    /// Listens on a free port of 127.0.0.1 for `source`, passes its connections on to `upstream`,
    /// and asks `hook` about each statement. A connection is not refused when the server cannot be
    /// reached: it is answered as by a server that is not there for the moment, SQLSTATE 57P03.
    ///
    /// # Errors
    /// The port could not be bound.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn listen(source: Source, upstream: Upstream, hook: Arc<dyn Hook>) -> io::Result<Self> {
        Self::listen_with(source, upstream, hook, Options::default())
    }

    /// As [`PostgresTap::listen`], with options.
    ///
    /// # Errors
    /// The port could not be bound.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn listen_with(
        source: Source,
        upstream: Upstream,
        hook: Arc<dyn Hook>,
        options: Options,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let socket = tokio::net::TcpListener::from_std(socket)?;
        let shared = Arc::new(Shared {
            source,
            upstream,
            hook,
            options,
            plaintext: Plaintext::default(),
        });
        let accepting = tokio::spawn(accept(socket, shared)).abort_handle();
        Ok(Self { address, accepting })
    }

    /// Where the instance finds its database: the host and port of its DSN, with `sslmode=disable`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for PostgresTap {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Owns the connections: when this future is dropped, they are.
async fn accept(socket: tokio::net::TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(connection::serve(client, Arc::clone(&shared)));
                }
                // Out of file descriptors, most likely, and the end of a connection frees some. Not
                // the end of the tap: that would look like a fault.
                Err(error) => {
                    tracing::warn!(%error, "the Postgres tap could not accept a connection");
                    connections.join_next().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
