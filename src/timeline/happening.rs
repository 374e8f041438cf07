//! What can happen in a run, and how it is told in plain words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tap::{BoundaryEvent, Detail, Source, Stage, Tap, kafka};

/// How it is told that Kafka has handed a payment over.
pub const DELIVERED: &str = "was given the payment";

/// The requests that charge a customer.
const CHARGING: [&str; 3] = [
    "POST /v1/charges",
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/{id}/confirm",
];

/// The request that looks for a charge by what the customer was charged for.
const SEARCH: &str = "GET /v1/charges/search";

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "happening", rename_all = "snake_case")]
pub enum Happening {
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
        /// `exit code 1`, `signal 9`.
        status: String,
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

/// One thing that happened, told: who, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// An instance's name.
    pub who: String,
    /// Which of its lives, where that is known.
    pub incarnation: Option<u32>,
    /// What it did or what was done to it: `was frozen`.
    pub what: String,
}

impl Clause {
    fn of(source: &Source, what: impl Into<String>) -> Option<Self> {
        let (who, incarnation) = (source.instance.clone(), Some(source.incarnation));
        Some(Self {
            who,
            incarnation,
            what: what.into(),
        })
    }

    fn named(who: &str, what: impl Into<String>) -> Option<Self> {
        Some(Self {
            who: who.to_owned(),
            incarnation: None,
            what: what.into(),
        })
    }
}

impl Happening {
    /// What happened as a clause that can be joined to others; none for what needs no telling in a
    /// biography.
    #[must_use]
    pub fn clause(&self) -> Option<Clause> {
        match self {
            Self::Boundary { event } => boundary_clause(event),
            Self::Struck {
                fault,
                source,
                window,
                ..
            } => {
                Clause::of(source, format!("was struck ({fault}) {window}"))
            }
            Self::Killed { source } => Clause::of(source, "was killed"),
            Self::Waited { hours } => Clause::named(
                "the payment",
                format!("waited {hours} hours to be delivered again"),
            ),
            Self::Terminated { source } => Clause::of(source, "was asked to end (SIGTERM)"),
            Self::Republished { offset, .. } => Clause::named(
                "the producer",
                format!("sent the payment again, at offset {offset}"),
            ),
            Self::Frozen { source } => Clause::of(source, "was frozen"),
            Self::Evicted { source, .. } => Clause::of(source, "was evicted from the group"),
            Self::Moved {
                partition,
                to,
                committed,
            } => {
                let from = committed.map_or("the beginning".into(), |o| format!("offset {o}"));
                Clause::named(to, format!("took over partition {partition} from {from}"))
            }
            Self::Fenced { successor, holder } => {
                let what = format!("met the row lock that {} holds", holder.instance);
                Clause::named(successor, what)
            }
            Self::Blocked {
                successor,
                holder,
                payment,
            } => {
                let holder = &holder.instance;
                let what = format!("waited, with {payment} in hand, for a lock that {holder} holds");
                Clause::named(successor, what)
            }
            Self::AwaitsTransaction { successor, holder } => {
                let what = format!("met the open transaction of {}", holder.instance);
                Clause::named(successor, what)
            }
            Self::Stalled { successor, seconds } => {
                let what = format!("neither finished nor met a lock in {seconds:.0} s");
                Clause::named(successor, what)
            }
            Self::Unacknowledged { source, seconds } => {
                Clause::of(source, format!("acknowledged nothing within {seconds} s"))
            }
            Self::Thawed { source } => Clause::of(source, "was thawed"),
            Self::StrikeFailed { reason } => {
                Clause::named("the fault", format!("could not be carried out: {reason}"))
            }
            Self::Tuned { what } => Clause::named("somebody", format!("{what} at the provider")),
            Self::Started { .. }
            | Self::Exited { .. }
            | Self::Refused { .. }
            | Self::MissedTopic { .. }
            | Self::LeftForTls { .. }
            | Self::CameInPlaintext { .. }
            | Self::Joined { .. }
            // Told by its commit.
            | Self::TookOver { .. }
            | Self::RoundBegan { .. }
            | Self::IdleRecorded => None,
        }
    }
}

fn boundary_clause(event: &BoundaryEvent) -> Option<Clause> {
    let what = match (event.stage, event.tap) {
        (Stage::Received, _) => format!("sent {}", event.signature),
        (Stage::Executed, _) => return None,
        (Stage::Answered, Tap::Provider) => provider_answer(event),
        (Stage::Answered, Tap::Postgres) => postgres_answer(event),
        (Stage::Answered, Tap::Kafka) => kafka_answer(event),
        (Stage::Answered, Tap::Sink) => format!("was answered {}", event.outcome),
    };
    Clause::of(&event.source, what)
}

/// What came of a request, from the server's side: whether the instance lived to hear it is told
/// by what was done to the instance.
fn provider_answer(event: &BoundaryEvent) -> String {
    if event.signature == SEARCH {
        return match event.outcome.strip_prefix("200 ") {
            Some("none") => "searched for a charge of this payment and found none".to_owned(),
            Some(charge) => format!("searched for a charge of this payment and found {charge}"),
            None => format!("searched for a charge and was answered {}", event.outcome),
        };
    }
    // `200 ch_1`, and of an intent that was confirmed `200 pi_1 ch_1`.
    let mut words = event.outcome.split(' ');
    let charge = words.find(|word| word.starts_with("ch_"));
    let charge = charge.filter(|_| CHARGING.contains(&event.signature.as_str()));
    match (charge, words.next()) {
        (Some(id), Some("(replayed)")) => {
            format!("was given the first charge again, {id} (Idempotent-Replayed)")
        }
        (Some(id), _) => format!("charged {id}"),
        (None, _) => format!("was answered {}", event.outcome),
    }
}

/// A statement's outcome is its command tag, `INSERT 1`, or the error's code and name.
fn postgres_answer(event: &BoundaryEvent) -> String {
    let rows = |n: &str| {
        if n == "1" {
            "1 row".to_owned()
        } else {
            format!("{n} rows")
        }
    };
    match event.outcome.split_once(' ') {
        Some(("SELECT", n)) => format!("read {}", rows(n)),
        Some(("INSERT", n)) => format!("inserted {}", rows(n)),
        Some(("UPDATE", n)) => format!("updated {}", rows(n)),
        Some(("DELETE", n)) => format!("deleted {}", rows(n)),
        None if event.outcome == "COMMIT" => "committed its transaction".to_owned(),
        None if event.outcome == "ROLLBACK" => "rolled its transaction back".to_owned(),
        _ => format!("was answered {}", event.outcome),
    }
}

fn kafka_answer(event: &BoundaryEvent) -> String {
    match &event.detail {
        Some(Detail::Kafka(kafka::Detail::Fetch(_))) => DELIVERED.to_owned(),
        Some(Detail::Kafka(kafka::Detail::Commit(commit))) => {
            match commit.offsets.iter().find_map(|p| p.error.as_ref()) {
                Some(error) => format!("had its offset commit refused: {error}"),
                // Nobody is told of it before the transaction has ended.
                None if commit.transactional_id.is_some() => {
                    format!("put {} into its transaction", event.outcome)
                }
                None => format!("committed {}", event.outcome),
            }
        }
        _ => format!("was answered {} to {}", event.outcome, event.signature),
    }
}
