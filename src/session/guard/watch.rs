//! The guard itself. It has no runtime: two threads that read, and one that waits.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{Pid, getpid, getppid};

use super::log::BoundedLog;
use super::{GuardReport, Trouble};
use crate::chaos::descendants;

/// What `ps` calls it. Not the program's name, so that whoever kills by that leaves somebody who
/// clears up.
const NAME: &std::ffi::CStr = c"instance-guard";

/// For what was killed to be gone; the kernel takes far less.
const POLL: Duration = Duration::from_millis(2);

const CHUNK: usize = 64 * 1024;

/// Runs a consumer to its end or the controller's. To be called on the main thread of a process of
/// its own, in the consumer's folder and environment, with the controller at both ends of its
/// standard streams.
pub fn guard(log: &Path, command: &[OsString]) -> anyhow::Result<()> {
    prctl::set_name(NAME)?;
    prctl::set_child_subreaper(true)?;
    let log = match BoundedLog::create(log) {
        Ok(log) => log,
        Err(error) => {
            tell(&GuardReport::NoLog(error.into()));
            return Ok(());
        }
    };
    let (output, consumer) = match start(command) {
        Ok(started) => started,
        Err(error) => {
            tell(&GuardReport::NotStarted(Trouble::from(error)));
            return Ok(());
        }
    };
    tell(&GuardReport::Started {
        pid: consumer.as_raw(),
    });
    let logging = thread::spawn(move || keep(output, log));
    let controller = thread::spawn(move || {
        // It says nothing: this returns at its end.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        kill_all();
    });

    let status = wait(consumer)?;
    if !matches!(status, WaitStatus::Signaled(_, Signal::SIGTERM, _)) {
        kill_all();
    }
    while anything_lives() {
        thread::sleep(POLL);
    }
    // Whoever could write into it is gone.
    let _ = logging.join();
    tell(&GuardReport::Exited {
        status: raw(status),
    });
    // Until the controller knows, the consumer is not reaped: its id must not become a stranger's.
    let _ = controller.join();
    Ok(())
}

fn tell(report: &GuardReport) {
    let line = serde_json::to_string(report).expect("plain data");
    // A controller that is gone is noticed elsewhere.
    let _ = writeln!(io::stdout(), "{line}");
}

/// As the leader of a process group, so that a signal reaches whatever it starts and Ctrl-C at the
/// terminal is for the controller alone.
fn start(command: &[OsString]) -> io::Result<(io::PipeReader, Pid)> {
    let (output, input) = io::pipe()?;
    let (program, arguments) = command.split_first().expect("the parser wants a program");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(input.try_clone()?)
        .stderr(input)
        .process_group(0);
    let guard = getpid();
    // SAFETY: prctl and getppid are async-signal-safe, and nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            // Should the guard itself be killed.
            prctl::set_pdeathsig(Signal::SIGKILL)?;
            if getppid() != guard {
                return Err(io::Error::from_raw_os_error(nix::libc::ESRCH));
            }
            Ok(())
        });
    }
    let child = command.spawn()?;
    Ok((output, Pid::from_raw(child.id().cast_signed())))
}

/// A disk that is full must not stop the consumer: then the log ends.
fn keep(mut output: io::PipeReader, mut log: BoundedLog) {
    let mut chunk = vec![0; CHUNK];
    let mut writable = true;
    loop {
        match output.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => writable = writable && log.append(&chunk[..read]).is_ok(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Waits for the consumer's end, and does not reap it. Orphans that end before it are reaped.
fn wait(consumer: Pid) -> nix::Result<WaitStatus> {
    loop {
        let ended = waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
        match ended.pid() {
            Some(pid) if pid != consumer => drop(waitpid(pid, None)?),
            _ => return Ok(ended),
        }
    }
}

fn anything_lives() -> bool {
    !descendants(getpid().as_raw()).is_empty()
}

/// Until nothing lives: what is killed may just have started something.
fn kill_all() {
    loop {
        let lives = descendants(getpid().as_raw());
        if lives.is_empty() {
            return;
        }
        for process in lives {
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
        }
        thread::sleep(POLL);
    }
}

/// As the kernel packs it, for `ExitStatus::from_raw`.
fn raw(status: WaitStatus) -> i32 {
    match status {
        WaitStatus::Exited(_, code) => (code & 0xff) << 8,
        WaitStatus::Signaled(_, signal, dumped) => signal as i32 | if dumped { 0x80 } else { 0 },
        other => unreachable!("waited for an end and got {other:?}"),
    }
}
