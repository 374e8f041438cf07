//! The HTTP listener of one incarnation of an instance.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// One instance's own address of a server of the lab's (the provider, a sink).
///
/// Dropping it closes the socket and its connections, without another byte. Requests that have been
/// received are served to their end: the client is gone, not the server.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl Listener {
    /// A request's extension [`CancellationToken`] closes its connection without another byte.
    pub(crate) fn start(router: Router) -> io::Result<Self> {
        Self::start_on(0, router)
    }

    /// 0 is a free port.
    pub(crate) fn start_on(port: u16, router: Router) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let socket = tokio::net::TcpListener::from_std(socket)?;
        let accepting = tokio::spawn(accept(socket, router)).abort_handle();
        Ok(Self { address, accepting })
    }

    /// Without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Owns the connections: when this future is dropped, they are.
async fn accept(socket: tokio::net::TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone()));
                }
                // Out of file descriptors, most likely: the listener must not end, and a
                // connection's end frees one.
                Err(error) => {
                    tracing::warn!(%error, "a listener could not accept a connection");
                    connections.join_next().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    let closed = CancellationToken::new();
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(closed.clone());
        router.clone().oneshot(request)
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // First, so that a response which is ready at the same moment stays unsent.
        biased;
        () = closed.cancelled() => {}
        // An error is a client that went away.
        _ = serving => {}
    }
}
