//! The packets before the first message (PostgreSQL: "Start-up", "SSL Session Encryption").

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::connection::Ended;
use super::frame::Malformed;

const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// The server's own (`MAX_STARTUP_PACKET_LENGTH`).
const LONGEST: u32 = 10_000;

/// From a client that does not ask first (`sslnegotiation=direct`).
const TLS_HANDSHAKE: u8 = 0x16;
#[derive(Debug)]
pub(super) enum Opening {
    Session(Bytes),
    Cancel(Bytes),
}

/// Refuses encryption on the way: the tap reads what passes.
pub(super) async fn opening(
    client: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<Opening, Ended> {
    let mut asked_for_tls = false;
    loop {
        let mut header = [0; 4];
        let read = client.read(&mut header[..1]).await;
        if asked_for_tls && !matches!(read, Ok(1)) {
            // A client that insists on TLS leaves when it is refused.
            return Err(Ended::AskedForTls);
        }
        if read? == 0 {
            return Err(Ended::ClientClosed);
        }
        if header[0] == TLS_HANDSHAKE {
            return Err(Ended::AskedForTls);
        }
        client.read_exact(&mut header[1..]).await?;
        let length = u32::from_be_bytes(header);
        if !(8..=LONGEST).contains(&length) {
            return Err(Malformed::Startup(length).into());
        }
        let mut packet = vec![0; length as usize];
        packet[..4].copy_from_slice(&header);
        client.read_exact(&mut packet[4..]).await?;
        let code = (&packet[4..]).get_u32();
        match code {
            SSL | GSS => {
                asked_for_tls |= code == SSL;
                client.write_all(b"N").await?;
            }
            CANCEL => return Ok(Opening::Cancel(packet.into())),
            _ if code >> 16 == 3 => return Ok(Opening::Session(packet.into())),
            _ => {
                let (major, minor) = ((code >> 16) as u16, code as u16);
                return Err(Malformed::Version(major, minor).into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Ended, opening};

    async fn meet(packets: &[&[u8]]) -> Ended {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut client = TcpStream::connect(address).await.expect("a listener");
        let (mut server, _) = listener.accept().await.expect("a connection");
        let leaving = async move {
            for packet in packets {
                client.write_all(packet).await.expect("it is connected");
                // The last packet may be answered by the end alone.
                let _ = client.read(&mut [0; 1]).await;
            }
        };
        let meeting = async move { opening(&mut server).await };
        let (met, ()) = tokio::join!(meeting, leaving);
        met.expect_err("it does not start a session")
    }

    #[tokio::test]
    async fn who_leaves_for_want_of_tls_is_told_from_who_just_leaves() {
        let ssl: &[u8] = &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
        assert!(matches!(meet(&[ssl]).await, Ended::AskedForTls));
        assert!(matches!(meet(&[b"\x16\x03\x01"]).await, Ended::AskedForTls));
        assert!(matches!(meet(&[]).await, Ended::ClientClosed));
        let reason = Ended::AskedForTls.to_string();
        assert!(reason.contains("asked for TLS at the tap"), "{reason}");
    }
}
