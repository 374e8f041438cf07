//! What a killed PostgreSQL leaves outside its folder: the System V memory segment that guards its
//! data.

use std::fs;
use std::path::Path;

use nix::libc;

/// Only a segment that nobody is attached to and that this very server made; one that cannot be
/// removed costs 56 bytes.
pub(super) fn remove_left_over(data: &Path) {
    // A server that stops in good order removes the file, and the segment.
    let Ok(pidfile) = fs::read_to_string(data.join("postmaster.pid")) else {
        return;
    };
    let Some((creator, id)) = parse(&pidfile) else {
        return;
    };
    // SAFETY: shmctl fills a plain struct that lives on this stack, and only reads `id`.
    unsafe {
        let mut segment: libc::shmid_ds = std::mem::zeroed();
        let known = libc::shmctl(id, libc::IPC_STAT, &raw mut segment) == 0;
        if known && segment.shm_nattch == 0 && segment.shm_cpid == creator {
            libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut());
        }
    }
}

/// The server's pid and its segment's id: the first line, and the second number of the seventh.
fn parse(pidfile: &str) -> Option<(libc::pid_t, libc::c_int)> {
    let mut lines = pidfile.lines();
    let creator = lines.next()?.trim().parse().ok()?;
    let id = lines.nth(5)?.split_whitespace().nth(1)?.parse().ok()?;
    Some((creator, id))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_segment_is_read_from_the_seventh_line() {
        let pidfile = "4711\n/data\n1763928000\n5432\n\n127.0.0.1\n   917547        44\nready   \n";
        assert_eq!(super::parse(pidfile), Some((4711, 44)));
        assert_eq!(super::parse("4711\n/data\n"), None);
    }
}
