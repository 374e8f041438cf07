//! What is no client of Postgres, or speaks another protocol first.

use std::sync::Arc;

use crashwindow::tap::PassAll;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::lab::{Lab, within};
use crate::wire::Wire;

#[tokio::test]
async fn a_request_for_encryption_is_declined() {
    let lab = Lab::with(Arc::new(PassAll)).await;
    let mut wire = Wire::connect(lab.tap.address()).await;
    let gss = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];
    for request in [gss.as_slice(), &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]] {
        wire.stream
            .write_all(request)
            .await
            .expect("it is connected");
        let answer = within("an answer", wire.stream.read_u8()).await;
        assert_eq!(answer.ok(), Some(b'N'));
    }
}

#[tokio::test]
async fn a_connection_that_is_not_the_protocol_is_closed_and_no_other() {
    let lab = Lab::with(Arc::new(PassAll)).await;
    let witness = lab.connect().await;
    let openings: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01",
        b"\0\0\0\x04",
        b"\xff\xff\xff\xff",
        b"\0\0\0\x08\0\x02\0\0",
    ];
    for opening in openings {
        let mut wire = Wire::connect(lab.tap.address()).await;
        wire.stream
            .write_all(opening)
            .await
            .expect("it is connected");
        assert_eq!(wire.until_closed().await, b"", "{opening:?}");
    }
    let messages: [&[u8]; 4] = [
        b"Q\x7f\xff\xff\xff",
        b"S\0\0\xff\xff",
        b"!\0\0\0\x04",
        b"B\0\0\0\x05x",
    ];
    for message in messages {
        let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
        wire.stream
            .write_all(message)
            .await
            .expect("it is connected");
        assert_eq!(wire.until_closed().await, b"", "{message:?}");
    }
    assert!(witness.query_one("SELECT 1", &[]).await.is_ok());
}

#[tokio::test]
async fn an_error_of_the_client_is_the_servers_to_judge() {
    let lab = Lab::with(Arc::new(PassAll)).await;
    let mut config = lab.tapped();
    config.password("wrong");
    let refused = config.connect(tokio_postgres::NoTls).await;
    let error = refused.err().expect("the password is wrong");
    assert_eq!(error.code().map(|code| code.code()), Some("28P01"));

    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    wire.send(|out| {
        out.extend_from_slice(b"P\0\0\0\x0bs\0SELE\0");
        frontend::sync(out);
    })
    .await;
    let error = wire.message().await;
    assert_eq!(error.0, b'E');
    assert!(
        String::from_utf8_lossy(&error.1).contains("08P01"),
        "{error:?}"
    );
}
