use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Source, Tap};
use crate::tap::BoundaryEvent;

#[allow(
    clippy::large_enum_variant,
    reason = "nearly every entry of a timeline is a boundary event"
)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "happening", rename_all = "snake_case")]
pub enum TimelineEvent {
    Boundary {
        event: BoundaryEvent,
    },
    Started {
        source: Source,
        pid: i32,
    },
    Exited {
        source: Source,
        /// `exit code 1`, `signal 9 (SIGKILL)`.
        status: String,
        /// Older runs did not write it down.
        #[serde(default)]
        signal: Option<i32>,
    },
    Refused {
        source: Source,
        tap: Tap,
        /// And what to set instead.
        reason: String,
    },
    MissedTopic {
        source: Source,
        topic: String,
    },
    /// For want of TLS, a client left.
    LeftForTls {
        source: Source,
        tap: Tap,
        /// And what to set instead.
        reason: String,
    },
    /// After another of the same process had left for want of TLS.
    CameInPlaintext {
        source: Source,
        tap: Tap,
    },
    /// The group gave every instance its partitions.
    Joined {
        instances: Vec<String>,
        /// Older runs did not write them down.
        #[serde(default)]
        partitions: BTreeMap<String, Vec<i32>>,
    },
    /// What comes now is the payments'.
    IdleRecorded,
    /// Payments are about to be produced.
    RoundBegan {
        topic: String,
        /// Payments by their numbers, the last one included.
        first: u32,
        last: u32,
    },
    /// By the provider's admin API, while the run was going on. A replay does not repeat it.
    Tuned {
        what: String,
    },
    /// A fault fired, with the payment at this place in hand.
    Struck {
        fault: String,
        /// In words: `after POST /v1/charges was answered`.
        window: String,
        source: Source,
        partition: i32,
        offset: i64,
    },
    /// SIGKILL was sent and the process is gone.
    Killed {
        source: Source,
    },
    /// The provider's clock was moved while nobody had the payment.
    Waited {
        hours: u32,
    },
    /// SIGTERM was sent.
    Terminated {
        source: Source,
    },
    /// The payment was produced again, at a new offset.
    Republished {
        partition: i32,
        offset: i64,
    },
    /// SIGSTOP was sent and the process has stopped.
    Frozen {
        source: Source,
    },
    Evicted {
        source: Source,
        member: String,
    },
    /// The group's position was not past the payment: the new owner is given it again.
    Moved {
        partition: i32,
        to: String,
        /// None when nothing was ever committed.
        committed: Option<i64>,
    },
    /// The successor waits for a row lock of the frozen holder's.
    Fenced {
        successor: String,
        holder: Source,
    },
    /// The successor works on another payment, and waits for a lock of the holder's.
    Blocked {
        successor: String,
        holder: Source,
        /// What the waiting statement is about.
        payment: String,
    },
    /// The successor is told no position: the frozen holder has put one into an open transaction.
    AwaitsTransaction {
        successor: String,
        holder: Source,
    },
    /// The successor has moved the group's position past the payment.
    TookOver {
        successor: String,
        /// The group's offset on the partition.
        committed: i64,
    },
    /// The successor neither finished nor met a lock within the deadline.
    Stalled {
        successor: String,
        /// The deadline.
        seconds: f64,
    },
    /// The request in hand was held, and the payment was not acknowledged meanwhile.
    Unacknowledged {
        source: Source,
        /// How long it was held.
        seconds: f64,
    },
    /// An instance was started beside the others, and asks the group for its share.
    Joining {
        /// Its name.
        instance: String,
    },
    /// The group has given its partitions out anew, with nobody struck down.
    Rebalanced {
        /// The partition of the payment in hand.
        partition: i32,
        /// The partitions of each instance.
        partitions: BTreeMap<String, Vec<i32>>,
    },
    /// The group wants to give its partitions out anew, and the member with the payment in hand gives
    /// none up before it is done.
    KeptWaiting {
        /// The instance that does not.
        source: Source,
        /// How long it was waited for, in seconds.
        seconds: f64,
    },
    /// SIGCONT was sent.
    Thawed {
        source: Source,
    },
    StrikeFailed {
        reason: String,
    },
}
