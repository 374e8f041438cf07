use std::fs;
use std::io;
use std::path::Path;
use std::pin::Pin;

use openssl::ssl::{SslConnector, SslConnectorBuilder, SslFiletype, SslMethod, SslVerifyMode};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::error::GroupError;
use crate::stack::Security;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// `None` for a listener without TLS.
pub(super) fn connector(security: &Security) -> Result<Option<SslConnector>, GroupError> {
    if !security.protocol.has_tls() {
        return Ok(None);
    }
    let mut builder =
        SslConnector::builder(SslMethod::tls_client()).map_err(unusable("OpenSSL"))?;
    builder.set_verify(SslVerifyMode::PEER);
    if let Some(ca) = &security.ca {
        trust_only(&mut builder, ca)?;
    }
    if let Some(certificate) = &security.certificate {
        builder
            .set_certificate_chain_file(certificate)
            .map_err(unusable(certificate.display()))?;
        let Some(key) = &security.key else {
            return Err(GroupError::Security {
                why: format!("{} has no key beside it", certificate.display()),
            });
        };
        builder
            .set_private_key_file(key, SslFiletype::PEM)
            .and_then(|()| builder.check_private_key())
            .map_err(unusable(key.display()))?;
    }
    Ok(Some(builder.build()))
}

/// A store of its own: OpenSSL would trust the system's authorities beside it.
fn trust_only(builder: &mut SslConnectorBuilder, ca: &Path) -> Result<(), GroupError> {
    let pem = fs::read(ca).map_err(unusable(ca.display()))?;
    let authorities = X509::stack_from_pem(&pem).map_err(unusable(ca.display()))?;
    if authorities.is_empty() {
        return Err(unusable(ca.display())("it holds no PEM certificate"));
    }
    let mut store = X509StoreBuilder::new().map_err(unusable("OpenSSL"))?;
    for authority in authorities {
        store.add_cert(authority).map_err(unusable(ca.display()))?;
    }
    builder.set_cert_store(store.build());
    Ok(())
}

fn unusable<E: ToString>(what: impl ToString) -> impl FnOnce(E) -> GroupError {
    move |error| GroupError::Security {
        why: format!("{}: {}", what.to_string(), error.to_string()),
    }
}

/// With TLS the certificate must be the host's.
pub(super) async fn open(
    broker: &str,
    tls: Option<&SslConnector>,
) -> Result<Box<dyn Stream>, GroupError> {
    let connect = |source: io::Error| GroupError::Connect {
        broker: broker.to_string(),
        source,
    };
    let tcp = TcpStream::connect(broker).await.map_err(connect)?;
    // A request is one write and its answer is awaited: waiting for more to send costs 40 ms.
    tcp.set_nodelay(true).map_err(connect)?;
    let Some(tls) = tls else {
        return Ok(Box::new(tcp));
    };
    let failed = |why: String| GroupError::Tls {
        broker: broker.to_string(),
        why,
    };
    let mut stream = tls
        .configure()
        .and_then(|session| session.into_ssl(host(broker)))
        .and_then(|session| SslStream::new(session, tcp))
        .map_err(|error| failed(error.to_string()))?;
    if let Err(error) = Pin::new(&mut stream).connect().await {
        let verified = stream.ssl().verify_result();
        return Err(failed(if verified == openssl::x509::X509VerifyResult::OK {
            error.to_string()
        } else {
            format!("its certificate is refused: {}", verified.error_string())
        }));
    }
    Ok(Box::new(stream))
}

/// As in the certificate: `[::1]:9092` is `::1`.
fn host(broker: &str) -> &str {
    let host = broker.rsplit_once(':').map_or(broker, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

pub(super) fn address(host: &str, port: i32) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_survives_being_written_and_read() {
        assert_eq!(address("::1", 9092), "[::1]:9092");
        assert_eq!(host(&address("::1", 9092)), "::1");
        assert_eq!(host(&address("kafka.example", 9092)), "kafka.example");
    }
}
