//! The listener of one incarnation of an instance.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use tokio::task::{AbortHandle, JoinSet};

use super::Options;
use super::connection::{self, Plaintext, Shared};
use super::upstream::Upstream;
use crate::event::Source;
use crate::tap::Hook;

/// One instance's own address of Postgres.
///
/// Dropping it closes the socket and all connections, on both sides and without another byte. The
/// server goes on with a statement that it is executing, as it does when a client dies.
#[derive(Debug)]
pub struct PostgresTap {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl PostgresTap {
    /// When the server cannot be reached, clients are answered with SQLSTATE 57P03, as by a server
    /// that is not there for the moment. Fails where no port can be bound; panics outside of a
    /// Tokio runtime.
    pub fn listen(source: Source, upstream: Upstream, hook: Arc<dyn Hook>) -> io::Result<Self> {
        Self::listen_with(source, upstream, hook, Options::default())
    }

    /// Fails and panics as [`PostgresTap::listen`].
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

    /// For the DSN, with `sslmode=disable`.
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
                // Out of file descriptors, most likely: the tap must not end, and a connection's
                // end frees some.
                Err(error) => {
                    tracing::warn!(%error, "the Postgres tap could not accept a connection");
                    connections.join_next().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
