//! What happened as a line of a biography: what it is, typed, and the words for it.

use super::TimelineEvent;
use super::kind::{Kind, Mark};
use crate::event::{EventOutcome, Role, Source, Stage, Tap};
use crate::tap::postgres::CommandTag;
use crate::tap::{BoundaryEvent, CHARGE_SEARCH, Detail, kafka};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    pub who: String,
    /// Where it is known.
    pub incarnation: Option<u32>,
    /// `was frozen`.
    pub what: String,
    /// For whoever draws it.
    pub kind: Kind,
}

impl Clause {
    fn of(source: &Source, kind: Kind, what: impl Into<String>) -> Option<Self> {
        Some(Self {
            who: source.instance.clone(),
            incarnation: Some(source.incarnation),
            what: what.into(),
            kind,
        })
    }

    fn named(who: &str, kind: Kind, what: impl Into<String>) -> Option<Self> {
        Some(Self {
            who: who.to_owned(),
            incarnation: None,
            what: what.into(),
            kind,
        })
    }
}

impl TimelineEvent {
    /// None for what needs no telling in a biography.
    #[must_use]
    pub fn clause(&self) -> Option<Clause> {
        const DOT: Kind = Kind::of(Mark::Dot);
        const LOCK: Kind = Kind::of(Mark::Lock);
        match self {
            Self::Boundary { event } => boundary_clause(event),
            Self::Struck {
                fault,
                source,
                window,
                ..
            } => {
                let what = format!("was struck ({fault}) {window}");
                Clause::of(source, Kind::of(Mark::Struck), what)
            }
            Self::Killed { source } => Clause::of(source, Kind::of(Mark::Dead), "was killed"),
            Self::Waited { hours } => {
                let what = format!("waited {hours} hours to be delivered again");
                Clause::named("the payment", DOT, what)
            }
            Self::Terminated { source } => {
                let what = "was asked to end (SIGTERM)";
                Clause::of(source, Kind::of(Mark::Terminated), what)
            }
            Self::Republished { offset, .. } => {
                let what = format!("sent the payment again, at offset {offset}");
                Clause::named("the producer", Kind::to_kafka(), what)
            }
            Self::Frozen { source } => Clause::of(source, Kind::of(Mark::Frozen), "was frozen"),
            Self::Evicted { source, .. } => {
                Clause::of(source, Kind::of(Mark::Evicted), "was evicted from the group")
            }
            Self::Moved {
                partition,
                to,
                committed,
            } => {
                let from = committed.map_or("the beginning".into(), |o| format!("offset {o}"));
                let what = format!("took over partition {partition} from {from}");
                Clause::named(to, Kind::from_kafka(), what)
            }
            Self::Fenced { successor, holder } => {
                let what = format!("met the row lock that {} holds", holder.instance);
                Clause::named(successor, LOCK, what)
            }
            Self::Blocked {
                successor,
                holder,
                payment,
            } => {
                let holder = &holder.instance;
                let what = format!("waited, with {payment} in hand, for a lock that {holder} holds");
                Clause::named(successor, LOCK, what)
            }
            Self::AwaitsTransaction { successor, holder } => {
                let what = format!("met the open transaction of {}", holder.instance);
                Clause::named(successor, LOCK, what)
            }
            Self::Stalled { successor, seconds } => {
                let what = format!("neither finished nor met a lock in {seconds:.0} s");
                Clause::named(successor, DOT, what)
            }
            Self::Unacknowledged { source, seconds } => {
                Clause::of(source, DOT, format!("acknowledged nothing within {seconds} s"))
            }
            Self::Joining { instance } => {
                let what = "was started and asked to join the group";
                Clause::named(instance, DOT, what)
            }
            Self::Rebalanced {
                partition,
                partitions,
            } => {
                let owner = partitions.iter().find(|(_, theirs)| theirs.contains(partition));
                let what = format!("was given partition {partition} when the group gave all out anew");
                Clause::named(owner?.0, Kind::from_kafka(), what)
            }
            Self::KeptWaiting { source, seconds } => {
                let what = format!("gave no partition up within {seconds} s, and the group waited");
                Clause::of(source, DOT, what)
            }
            Self::Thawed { source } => Clause::of(source, Kind::of(Mark::Thawed), "was thawed"),
            Self::StrikeFailed { reason } => {
                Clause::named("the fault", DOT, format!("could not be carried out: {reason}"))
            }
            Self::Tuned { what } => {
                Clause::named("somebody", DOT, format!("{what} at the provider"))
            }
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
    Clause::of(&event.source, boundary_kind(event), what)
}

fn boundary_kind(event: &BoundaryEvent) -> Kind {
    let party = event.tap;
    match (event.stage, event.role) {
        (Stage::Received, _) => Kind::Request {
            party,
            event: event.signature.clone(),
        },
        (_, Role::Deliver) => Kind::from_kafka(),
        _ if is_taken_commit(event) => Kind::to_kafka(),
        _ => Kind::Answer {
            party,
            result: event.result.clone(),
        },
    }
}

/// What is told of it is that offsets moved, not an answer.
fn is_taken_commit(event: &BoundaryEvent) -> bool {
    let is_commit = matches!(&event.detail, Some(Detail::Kafka(kafka::Detail::Commit(_))));
    is_commit && matches!(event.result, Some(EventOutcome::Executed { .. }))
}

/// From the server's side: whether the instance lived to hear it is told by what was done to it.
fn provider_answer(event: &BoundaryEvent) -> String {
    match &event.result {
        Some(EventOutcome::Found { effect: None }) => {
            "searched for a charge of this payment and found none".to_owned()
        }
        Some(EventOutcome::Found { effect: Some(id) }) => {
            format!("searched for a charge of this payment and found {id}")
        }
        Some(EventOutcome::Replayed { effect: Some(id) }) => {
            format!("was given the first charge again, {id} (Idempotent-Replayed)")
        }
        Some(EventOutcome::Executed { effect: Some(id) }) => format!("charged {id}"),
        _ if event.signature == CHARGE_SEARCH => {
            format!("searched for a charge and was answered {}", event.outcome)
        }
        _ => format!("was answered {}", event.outcome),
    }
}

fn postgres_answer(event: &BoundaryEvent) -> String {
    let rows = |n: u64| match n {
        1 => "1 row".to_owned(),
        n => format!("{n} rows"),
    };
    let command = match (&event.detail, &event.result) {
        (Some(Detail::Postgres(statement)), Some(EventOutcome::Executed { .. })) => {
            statement.command()
        }
        (_, Some(EventOutcome::RolledBack)) => Some(CommandTag::Rollback),
        _ => None,
    };
    match command {
        Some(CommandTag::Select(n)) => format!("read {}", rows(n)),
        Some(CommandTag::Insert(n)) => format!("inserted {}", rows(n)),
        Some(CommandTag::Update(n)) => format!("updated {}", rows(n)),
        Some(CommandTag::Delete(n)) => format!("deleted {}", rows(n)),
        Some(CommandTag::Commit) => "committed its transaction".to_owned(),
        Some(CommandTag::Rollback) => "rolled its transaction back".to_owned(),
        None => format!("was answered {}", event.outcome),
    }
}

fn kafka_answer(event: &BoundaryEvent) -> String {
    let outcome = &event.outcome;
    match (&event.detail, &event.result) {
        _ if event.role == Role::Deliver => "was given the payment".to_owned(),
        (
            Some(Detail::Kafka(kafka::Detail::Commit(_))),
            Some(EventOutcome::Refused { code } | EventOutcome::Uncertain { code }),
        ) => format!("had its offset commit refused: {code}"),
        (Some(Detail::Kafka(kafka::Detail::Commit(commit))), _) => match commit.transactional_id {
            // Nobody is told of it before the transaction has ended.
            Some(_) => format!("put {outcome} into its transaction"),
            None => format!("committed {outcome}"),
        },
        _ => format!("was answered {outcome} to {}", event.signature),
    }
}
