//! What can happen in a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Source, Tap};
use crate::tap::BoundaryEvent;

/// One thing that happened.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every entry of a timeline is a boundary event"
)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "happening", rename_all = "snake_case")]
pub enum TimelineEvent {
    /// A request crossed a boundary.
    Boundary {
        /// The request and how far it came.
        event: BoundaryEvent,
    },
    /// A process was started.
    Started {
        /// Which one.
        source: Source,
        /// Its process id.
        pid: i32,
    },
    /// A process ended, by itself or by a fault.
    Exited {
        /// Which one.
        source: Source,
        /// `exit code 1`, `signal 9 (SIGKILL)`.
        status: String,
        /// The number of the signal that ended it; older runs did not write it down.
        #[serde(default)]
        signal: Option<i32>,
    },
    /// A tap closed a connection because of what the client asked for or sent.
    Refused {
        /// Whose connection.
        source: Source,
        /// At which boundary.
        tap: Tap,
        /// Why, and what to set instead.
        reason: String,
    },
    /// A client asked for a topic that was not there.
    MissedTopic {
        /// Whose client.
        source: Source,
        /// The topic.
        topic: String,
    },
    /// A client left a tap for want of TLS.
    LeftForTls {
        /// Whose client.
        source: Source,
        /// At which boundary.
        tap: Tap,
        /// Why, and what to set instead.
        reason: String,
    },
    /// A client came in plaintext to a tap that another of the same process had left for want of TLS.
    CameInPlaintext {
        /// Whose client.
        source: Source,
        /// At which boundary.
        tap: Tap,
    },
    /// The group gave every instance its partitions.
    Joined {
        /// The names of the instances, as the group knows them.
        instances: Vec<String>,
        /// The partitions of each; older runs did not write them down.
        #[serde(default)]
        partitions: BTreeMap<String, Vec<i32>>,
    },
    /// The background noise is recorded: what comes now is the payments'.
    IdleRecorded,
    /// The payments of a round are about to be produced.
    RoundBegan {
        /// The topic they are produced to.
        topic: String,
        /// The number of the first.
        first: u32,
        /// The number of the last.
        last: u32,
    },
    /// Somebody used the provider's admin API while the run was going on. A replay does not repeat it.
    Tuned {
        /// What was changed, in words.
        what: String,
    },
    /// A fault fired.
    Struck {
        /// The fault's name.
        fault: String,
        /// Where, in words: `after POST /v1/charges was answered`.
        window: String,
        /// The instance that was in the window.
        source: Source,
        /// The partition of the payment in hand.
        partition: i32,
        /// The offset of the payment in hand.
        offset: i64,
    },
    /// SIGKILL was sent and the process is gone.
    Killed {
        /// Which one.
        source: Source,
    },
    /// The provider's clock was moved while nobody had the payment.
    Waited {
        /// By how many hours.
        hours: u32,
    },
    /// SIGTERM was sent.
    Terminated {
        /// Which one.
        source: Source,
    },
    /// The payment was produced again, at a new offset.
    Republished {
        /// The partition.
        partition: i32,
        /// The new offset.
        offset: i64,
    },
    /// SIGSTOP was sent and the process has stopped.
    Frozen {
        /// Which one.
        source: Source,
    },
    /// The group was told that a member is gone.
    Evicted {
        /// The instance whose member it was.
        source: Source,
        /// The member id.
        member: String,
    },
    /// A partition has another owner, and the group's position was not past the payment: it will
    /// be delivered again.
    Moved {
        /// The partition.
        partition: i32,
        /// The instance that owns it now.
        to: String,
        /// The offset from which the new owner reads; none when nothing was ever committed.
        committed: Option<i64>,
    },
    /// The successor waits for a row lock that the frozen instance holds.
    Fenced {
        /// The instance that waits.
        successor: String,
        /// The frozen instance that holds the lock.
        holder: Source,
    },
    /// The successor works on another payment and waits for a lock that the frozen instance holds.
    Blocked {
        /// The instance that waits.
        successor: String,
        /// The frozen instance that holds the lock.
        holder: Source,
        /// The payment that the waiting statement is about.
        payment: String,
    },
    /// The successor is told no position, because the frozen instance has put one into a transaction
    /// that it has not ended.
    AwaitsTransaction {
        /// The instance that waits.
        successor: String,
        /// The frozen instance whose transaction is open.
        holder: Source,
    },
    /// The successor has moved the group's position past the payment.
    TookOver {
        /// The instance that did.
        successor: String,
        /// The group's committed offset on the partition.
        committed: i64,
    },
    /// The successor neither finished nor met a lock within the deadline.
    Stalled {
        /// The instance that owned the partition.
        successor: String,
        /// How long it was given, in seconds.
        seconds: f64,
    },
    /// The request in hand was held, and the payment was not acknowledged meanwhile.
    Unacknowledged {
        /// The instance whose request it was.
        source: Source,
        /// How long it was held, in seconds.
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
        /// Which one.
        source: Source,
    },
    /// A fault could not be carried out.
    StrikeFailed {
        /// Why.
        reason: String,
    },
}
