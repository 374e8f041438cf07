//! One broker, and the listener that stands for it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Shared;
use super::connection::serve;

#[derive(Debug)]
pub(super) struct Broker {
    local: SocketAddr,
    /// `host:port`; the bootstrap stands for whichever of several answers.
    addresses: Mutex<Vec<String>>,
}

impl Broker {
    pub(super) fn bind(addresses: Vec<String>) -> io::Result<(Arc<Self>, TcpListener)> {
        let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        let broker = Arc::new(Self {
            local,
            addresses: Mutex::new(addresses),
        });
        Ok((broker, TcpListener::from_std(socket)?))
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn addresses(&self) -> Vec<String> {
        self.addresses.lock().expect("no holder panics").clone()
    }

    pub(super) fn moved_to(&self, address: String) {
        let mut addresses = self.addresses.lock().expect("no holder panics");
        if *addresses != [address.as_str()] {
            *addresses = vec![address];
        }
    }

    pub(super) fn is_at(&self, address: &str) -> bool {
        *self.addresses.lock().expect("no holder panics") == [address]
    }
}

/// Owns the connections: when this future ends, they do.
pub(super) async fn accept(listener: TcpListener, broker: Arc<Broker>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shared.closing.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(serve(client, Arc::clone(&broker), Arc::clone(&shared)));
                }
                // Out of file descriptors, most likely, and the end of a connection frees one.
                Err(error) => {
                    tracing::warn!(%error, "the Kafka tap could not accept a connection");
                    connections.join_next().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// IPv6 in brackets: `[::1]:9092`.
pub(super) fn address(host: &str, port: i32) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
