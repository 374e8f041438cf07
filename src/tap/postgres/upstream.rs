use std::fmt;
use std::io;
use std::pin::Pin;

use openssl::error::ErrorStack;
use openssl::ssl::SslConnector;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// PostgreSQL: Frontend/Backend Protocol, "SSLRequest".
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

#[derive(Clone)]
pub struct Upstream {
    host: String,
    port: u16,
    tls: Option<Tls>,
}

#[derive(Clone)]
struct Tls {
    connector: SslConnector,
    verify_hostname: bool,
}

impl Upstream {
    pub fn plain(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            tls: None,
        }
    }

    /// The connector holds the authorities, and whether they are asked; `verify_hostname` tells
    /// libpq's `verify-full` from `verify-ca`.
    pub fn tls(
        host: impl Into<String>,
        port: u16,
        connector: SslConnector,
        verify_hostname: bool,
    ) -> Self {
        Self {
            tls: Some(Tls {
                connector,
                verify_hostname,
            }),
            ..Self::plain(host, port)
        }
    }

    pub(super) async fn connect(&self) -> Result<Box<dyn Stream>, UpstreamError> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // A tap sends many small messages, each of which somebody waits for.
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        stream.write_all(&SSL_REQUEST).await?;
        if stream.read_u8().await? != b'S' {
            return Err(UpstreamError::NoTls);
        }
        let mut configuration = tls.connector.configure()?;
        configuration.set_verify_hostname(tls.verify_hostname);
        let mut stream = SslStream::new(configuration.into_ssl(&self.host)?, stream)?;
        Pin::new(&mut stream).connect().await?;
        Ok(Box::new(stream))
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.is_tls())
            .finish()
    }
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

#[derive(Debug, thiserror::Error)]
pub(super) enum UpstreamError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it does not offer TLS")]
    NoTls,
    #[error("{0}")]
    Tls(#[from] ErrorStack),
    #[error("{0}")]
    Handshake(#[from] openssl::ssl::Error),
}
