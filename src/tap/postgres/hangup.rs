//! Notices that a client is gone while nothing is read from it.

use std::io;
use std::os::fd::AsFd;

use tokio::io::Interest;
use tokio::net::TcpStream;

/// The end of a stream is behind whatever is unread, and a held connection is not read from. The
/// kernel tells of the end apart from the data, and a descriptor of its own consumes that news
/// without taking it from the reader. An end behind more data than the kernel could deliver is not
/// known before it is read.
#[derive(Debug)]
pub(super) struct Hangup(TcpStream);

impl Hangup {
    pub(super) fn of(stream: &TcpStream) -> io::Result<Self> {
        let descriptor = stream.as_fd().try_clone_to_owned()?;
        Ok(Self(TcpStream::from_std(descriptor.into())?))
    }

    pub(super) async fn seen(&self) {
        // The runtime is shutting down, and every connection with it.
        while let Ok(ready) = self.0.ready(Interest::READABLE).await {
            if ready.is_read_closed() {
                return;
            }
            // Nothing is read, so that what stays unread is no news until more of it comes.
            let blocked = || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into());
            let _ = self.0.try_io(Interest::READABLE, blocked);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::Hangup;

    const DEADLINE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn an_end_behind_unread_data_is_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut client = TcpStream::connect(address).await.expect("a connection");
        let (server, _) = listener.accept().await.expect("a connection");
        let hangup = Hangup::of(&server).expect("a watch");
        client.write_all(b"unread").await.expect("it is connected");
        server.readable().await.expect("the data arrives");
        {
            let mut seen = std::pin::pin!(hangup.seen());
            let polled = futures::poll!(&mut seen);
            assert!(polled.is_pending(), "data is not the end");
            drop(client);
            let waited = tokio::time::timeout(DEADLINE, seen).await;
            waited.expect("the end is seen");
        }
        let mut data = [0; 6];
        server.try_read(&mut data).expect("the data is still there");
        assert_eq!(&data, b"unread");
    }
}
