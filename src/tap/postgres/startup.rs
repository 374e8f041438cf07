//! The packets before the first message (PostgreSQL: Frontend/Backend Protocol, "Start-up", "SSL
//! Session Encryption", "GSSAPI Session Encryption").

use bytes::{Buf, Bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::connection::Ended;
use super::frame::Malformed;

const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// The server's own limit (`MAX_STARTUP_PACKET_LENGTH`).
const LONGEST: u32 = 10_000;

/// The first byte of a TLS handshake, which a client sends that does not ask first
/// (`sslnegotiation=direct`).
const TLS_HANDSHAKE: u8 = 0x16;

/// What a client connects for; both hold the packet as it came.
#[derive(Debug)]
pub(super) enum Opening {
    Session(Bytes),
    Cancel(Bytes),
}

/// Reads up to the packet that says what the connection is for, and refuses encryption on the way:
/// the tap reads what passes.
pub(super) async fn opening(client: &mut TcpStream) -> Result<Opening, Ended> {
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
