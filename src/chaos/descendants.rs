//! Which processes an instance consists of, as the kernel tells.

use std::collections::HashMap;
use std::fs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descendant {
    pub(crate) pid: i32,
    parent: i32,
    pub(crate) group: i32,
}

/// Alive, and other than itself. What has ended and was not waited for is none.
pub(crate) fn descendants(ancestor: i32) -> Vec<Descendant> {
    let all: HashMap<i32, Descendant> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, read(pid)?)))
        .collect();
    let descends = |process: &&Descendant| {
        let mut parent = process.parent;
        // A parent that ended between two reads is missing here, and its children have another.
        while parent != ancestor {
            match all.get(&parent) {
                Some(next) => parent = next.parent,
                None => return false,
            }
        }
        true
    };
    all.values().filter(descends).copied().collect()
}

fn read(pid: i32) -> Option<Descendant> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The fields follow the command, which is in parentheses and may hold any byte.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let lives = !fields.next()?.starts_with(['Z', 'X']);
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    lives.then_some(Descendant { pid, parent, group })
}

impl Descendant {
    /// A stop takes effect thread by thread.
    pub(crate) fn is_stopped(&self) -> bool {
        let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", self.pid)) else {
            // It is gone.
            return true;
        };
        tasks.flatten().all(|task| {
            let stat = fs::read_to_string(task.path().join("stat"));
            stat.map_or(true, |stat| {
                let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
                state.is_some_and(|state| state.starts_with(['T', 't', 'Z', 'X']))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::descendants;

    #[test]
    fn grandchildren_descend_and_the_dead_do_not() {
        let own = std::process::id().cast_signed();
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 1000 & echo; wait"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let pid = shell.id().cast_signed();
        let mut line = [0; 1];
        std::io::Read::read_exact(shell.stdout.as_mut().expect("a pipe"), &mut line)
            .expect("it has started its child");
        let of_shell = descendants(pid);
        let [sleep] = of_shell[..] else {
            panic!("{of_shell:?}")
        };
        assert!(descendants(own).iter().any(|m| m.pid == pid));
        assert!(descendants(own).contains(&sleep));
        shell.kill().expect("it runs");
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while descendants(own).iter().any(|m| m.pid == pid) {
            assert!(std::time::Instant::now() < until, "a dead process lives");
        }
        let sleep = nix::unistd::Pid::from_raw(sleep.pid);
        nix::sys::signal::kill(sleep, nix::sys::signal::Signal::SIGKILL).expect("it runs");
        shell.wait().expect("it was killed");
    }
}
