//! A server that is reached over TLS, by a client that speaks plaintext to the tap.

use std::pin::Pin;
use std::sync::Arc;

use crashwindow::tap::PassAll;
use crashwindow::tap::postgres::Upstream;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslAcceptor, SslConnector, SslMethod};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_openssl::SslStream;

use crate::lab::{Lab, server, within};
use crate::wire::Wire;

const OFFER: &[u8] = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0";
const OFFER_WITH_BINDING: &[u8] = b"R\0\0\0\x2a\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";

/// TLS in front of the tests' server, which has none; it offers channel binding, as a server with
/// TLS does. Returns its port and its certificate.
async fn front() -> (u16, X509) {
    let key = rcgen::generate_simple_self_signed(["db.example".to_owned()]).expect("a certificate");
    let certificate = X509::from_der(key.cert.der()).expect("it was just made");
    let private = key.signing_key.serialize_pem();
    let private = PKey::private_key_from_pem(private.as_bytes()).expect("it was just made");
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("OpenSSL");
    acceptor
        .set_certificate(&certificate)
        .expect("a certificate");
    acceptor.set_private_key(&private).expect("its key");
    let acceptor = acceptor.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let ssl = Ssl::new(acceptor.context()).expect("OpenSSL");
            tokio::spawn(async move { relay(stream, ssl).await });
        }
    });
    (port, certificate)
}

/// Ends with any error: whoever tries a certificate breaks the connection.
async fn relay(mut stream: TcpStream, ssl: Ssl) -> std::io::Result<()> {
    stream.read_exact(&mut [0; 8]).await?;
    stream.write_all(b"S").await?;
    let mut client = SslStream::new(ssl, stream)?;
    let handshake = Pin::new(&mut client).accept().await;
    handshake.map_err(std::io::Error::other)?;
    let mut server = TcpStream::connect(server()).await?;
    let mut startup = vec![0; 8192];
    let length = client.read(&mut startup).await?;
    server.write_all(&startup[..length]).await?;
    // A cancel request is answered by the end alone.
    let mut offer = vec![0; OFFER.len()];
    if server.read_exact(&mut offer).await.is_ok() {
        assert_eq!(offer, OFFER, "the server asks for a password");
        client.write_all(OFFER_WITH_BINDING).await?;
        tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    }
    client.shutdown().await
}

fn trusting(certificate: X509) -> SslConnector {
    let mut store = X509StoreBuilder::new().expect("OpenSSL");
    store.add_cert(certificate).expect("a certificate");
    let mut connector = SslConnector::builder(SslMethod::tls()).expect("OpenSSL");
    connector.set_cert_store(store.build());
    connector.build()
}

#[tokio::test]
async fn a_plaintext_client_reaches_a_server_over_tls() {
    let (port, certificate) = front().await;
    let upstream = Upstream::tls("127.0.0.1", port, trusting(certificate), false);
    let lab = Lab::upstream(upstream, Arc::new(PassAll)).await;

    let client = lab.connect().await;

    let sum = client.query_one("SELECT 1 + 1", &[]).await;
    assert_eq!(sum.expect("it is connected").get::<_, i32>(0), 2);
    let cancel = client.cancel_token();
    let cancelled = within(
        "the cancel request",
        cancel.cancel_query(tokio_postgres::NoTls),
    )
    .await;
    cancelled.expect("it is passed on");
    let wire = Wire::open(lab.tap.address(), &lab.config).await;
    assert_eq!(wire.mechanisms, b"SCRAM-SHA-256\0\0");
}

#[tokio::test]
async fn a_certificate_of_another_host_is_refused_if_that_is_asked_for() {
    let (port, certificate) = front().await;
    let upstream = Upstream::tls("127.0.0.1", port, trusting(certificate), true);
    let lab = Lab::upstream(upstream, Arc::new(PassAll)).await;

    let refused = within("a refusal", lab.tapped().connect(tokio_postgres::NoTls)).await;

    let error = refused.err().expect("the names differ");
    let error = error.as_db_error().expect("the tap says why");
    assert_eq!(error.code().code(), "57P03");
    assert!(error.message().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_without() {
    let connector = SslConnector::builder(SslMethod::tls()).expect("OpenSSL");
    let upstream = Upstream::tls("127.0.0.1", server().port(), connector.build(), false);
    let lab = Lab::upstream(upstream, Arc::new(PassAll)).await;

    let refused = within("a refusal", lab.tapped().connect(tokio_postgres::NoTls)).await;

    let error = refused.err().expect("there is no TLS");
    let error = error.as_db_error().expect("the tap says why");
    assert!(error.message().contains("does not offer TLS"), "{error}");
}
