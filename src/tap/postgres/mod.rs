//! The Postgres tap: the frontend/backend protocol between an instance and its database.
//!
//! ```text
//! client ─▶ frames ─▶ Session::ask  ─▶ received? ─▶ server
//! client ◀─ answered? ◀─ Session::hear ◀─ frames ◀─ server
//! ```
//!
//! A transparent relay, which reports one event per statement: at [`Received`](crate::event::Stage::Received)
//! nothing of it has reached the server, at [`Answered`](crate::event::Stage::Answered) the server has executed it
//! and the client has not been told.
//!
//! - **Statements.** A Query message is one event, also where its text holds several statements: the
//!   outcome tells of each. In the extended protocol the Execute is the event; the messages that
//!   prepare it (Parse, Bind, Describe, Close) go on with it, unless they are larger than 64 KiB.
//!   BEGIN, COMMIT and ROLLBACK are statements like any other, so each is an event. COPY is one
//!   event; its data passes unread.
//! - **Outcomes** are the server's words: `SELECT 0`, `INSERT 1`, `23505 unique_violation`, `COMMIT`.
//!   The COMMIT of a failed transaction is answered `ROLLBACK`. After an error the server skips a
//!   pipeline up to its Sync: `skipped`. `suspended` is an Execute with a row limit that was reached,
//!   `empty` a statement of nothing. What fails when its Sync commits it tells both: `INSERT 1; 40001
//!   serialization_failure`.
//! - **Held answers.** An answer is kept from its first byte until the hook has decided. Of one that
//!   is larger than 64 KiB, the rows stream through, and only what tells its completion is kept;
//!   within a string of several statements, the completion of the whole. The last statement before a
//!   Sync is complete when the Sync is, because an implicit transaction commits there; the others of
//!   a pipeline, and what was asked for with Flush, are complete with their own answer, and the
//!   transaction's state is unknown then. A statement whose connection the server breaks is never
//!   answered.
//! - **Decisions.** [`Drop`](crate::tap::Decision::Drop) closes both sides without another byte.
//!   [`Unavailable`](crate::tap::Decision::Unavailable) tells the client FATAL 57P03, as a server does that
//!   starts or stops, and closes both sides; at `Received` the statement was not executed, at
//!   `Answered` it was. Postgres knows no HTTP status: [`Fail`](crate::tap::Decision::Fail) does the same.
//! - **Subjects.** Marks are looked for in the parameters, in either format, and in the text, up to
//!   the first 64 KiB; without one a statement inherits those of the last statement of its transaction
//!   that had one, and what ends a transaction is about all that was in it. BEGIN comes before any
//!   mark, so it has none.
//! - **Bounds.** A client that has more statements, portals or unanswered statements open than can be
//!   remembered is refused, as its next statement could not be attributed. What it deallocates by SQL
//!   counts until the name is given again.
//! - **Ends.** When the client closes or dies, the server's side is closed at once, also while a
//!   statement is held or executed. A statement that is executed is not cancelled: the server would
//!   not cancel it for a client that dies either.
//! - **Encryption.** A client that asks for TLS is told that there is none. The server may be spoken
//!   to over TLS all the same.
//!
//! [`Stage`]: crate::event::Stage
//! [`Decision`]: crate::tap::Decision

mod answer;
mod attribution;
mod backend;
mod calls;
mod command;
mod connection;
mod frame;
mod frontend;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod hangup;
#[cfg(test)]
mod hostile;
mod kept;
mod lexer;
mod listener;
mod message;
mod parameters;
mod reply;
mod session;
mod signature;
mod sqlstate;
mod startup;
mod statement;
mod upstream;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Gate;
use crate::event::Marks;

pub use command::CommandTag;
pub use listener::PostgresTap;
pub(crate) use signature::signature_of;
pub use upstream::Upstream;

/// What the tap knows of a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The command tag as the server sent it: `INSERT 0 1`; of several statements each, separated by
    /// `; `. Nothing before the answer, and nothing if no statement was completed.
    pub tag: Option<String>,
    /// How many rows were read or changed, of all statements together.
    pub rows: Option<u64>,
    /// The code of the error: `23505`.
    pub sqlstate: Option<String>,
    /// The connection's transaction: before the statement at `Received`, after it at `Answered`.
    /// Nothing where it is unknown, because other statements of a pipeline are under way.
    pub transaction: Option<Transaction>,
    /// The process id of the server's backend, as in `pg_stat_activity` and `pg_blocking_pids`. A
    /// connection pooler may make it up.
    pub backend_pid: Option<i32>,
    /// Whether the statement reads or changes what is stored: what is about the connection alone (SET,
    /// BEGIN, a ping) is no message's.
    #[serde(default)]
    pub is_data: bool,
    /// The parameters of a statement of the extended protocol as they were bound, where
    /// [`Options::keep_parameters`] asks for them; not saved.
    #[serde(skip)]
    pub parameters: Vec<Option<Bytes>>,
}

/// What a tap does beyond its defaults.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether events carry the parameters of their statements. Those of a Bind that is larger than
    /// 64 KiB are not kept.
    pub keep_parameters: bool,
    /// Stands before the server.
    pub gate: Gate,
    /// What identifies the messages of the run.
    pub marks: Marks,
}

/// The state of a connection's transaction block (PostgreSQL: Frontend/Backend Protocol,
/// "ReadyForQuery").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transaction {
    /// There is none.
    Idle,
    /// Statements take part in it.
    Open,
    /// Statements are refused until it is rolled back.
    Failed,
}
