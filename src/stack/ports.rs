//! Ports on the loopback.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

use super::error::StackError;

/// Somebody may take it before the server does: whoever uses it is ready to ask for another.
pub(super) fn free() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

pub(super) fn require(
    port: u16,
    server: &'static str,
    flag: &'static str,
) -> Result<(), StackError> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let owner = owner(port)
                .map(|owner| format!(" by {owner}"))
                .unwrap_or_default();
            Err(StackError::PortInUse {
                port,
                server,
                flag,
                owner,
            })
        }
        Err(error) => Err(StackError::Io {
            what: format!("cannot listen on 127.0.0.1:{port}"),
            error,
        }),
    }
}

/// `process 4711 (java)`, where `/proc` tells and we may look.
fn owner(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .find_map(|table| {
            let table = fs::read_to_string(table).ok()?;
            table.lines().skip(1).find_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let local = fields.get(1)?.rsplit_once(':')?.1;
                let listens = *fields.get(3)? == "0A";
                let same = u16::from_str_radix(local, 16) == Ok(port);
                (listens && same).then(|| fields.get(9).map(|inode| (*inode).to_string()))?
            })
        })?;
    let socket = format!("socket:[{inode}]");
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let holds = fs::read_dir(entry.path().join("fd"))
            .ok()?
            .flatten()
            .any(|fd| {
                fs::read_link(fd.path()).is_ok_and(|target| target.as_os_str() == socket.as_str())
            });
        let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        holds.then(|| format!("process {pid} ({})", name.trim()))
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_names_its_owner() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let error = require(port, "Kafka", "kafka-port")
            .expect_err("it is taken")
            .to_string();
        assert!(
            error.contains(&format!("port {port} for Kafka is in use")),
            "{error}"
        );
        assert!(
            error.contains(&format!("by process {} (", std::process::id())),
            "{error}"
        );
    }
}
