//! The guard of an instance: a process of this same program, between the controller and the consumer.
//!
//! ```text
//! controller ── stdin: open as long as it lives ──▶ guard ──▶ consumer ──▶ whatever it starts
//!            ◀── stdout: started, exited ─────────        ◀── output ──
//! ```
//! It does what only a parent can, and what must go on when the controller is killed:
//!
//! - Orphans of the consumer become its children, so that nothing of an instance is out of reach: not
//!   what a shell or `npm` started, and not what made itself a daemon.
//! - When the controller is gone, in whichever way, it kills them all.
//! - When the consumer exits, it kills what the consumer left, as the end of a container does, and
//!   tells how the consumer ended only then. A consumer that was ended by SIGTERM is the exception: a
//!   shell dies of it at once, and what it had started may take its time to end in good order.
//! - It reads the consumer's output as fast as it comes, and keeps a log of bounded size.

mod guarded;
mod log;
mod watch;

use serde::{Deserialize, Serialize};

pub(crate) use guarded::GuardedProcess;
pub use watch::guard;

#[derive(Debug, Serialize, Deserialize)]
enum GuardReport {
    Started {
        pid: i32,
    },
    NotStarted(Trouble),
    NoLog(Trouble),
    /// With this wait status, and nothing of it is left.
    Exited {
        status: i32,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Trouble {
    code: Option<i32>,
    text: String,
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self {
            code: error.raw_os_error(),
            text: error.to_string(),
        }
    }
}

impl From<Trouble> for std::io::Error {
    fn from(trouble: Trouble) -> Self {
        match trouble.code {
            Some(code) => Self::from_raw_os_error(code),
            None => Self::other(trouble.text),
        }
    }
}
