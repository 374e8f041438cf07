//! The Postgres tap: the frontend/backend protocol between an instance and its database.
//!
//! ```text
//! client ─▶ frames ─▶ Session::ask  ─▶ received? ─▶ server
//! client ◀─ answered? ◀─ Session::hear ◀─ frames ◀─ server
//! ```
//!
//! A transparent relay, with one event per statement: at
//! [`Received`](crate::event::Stage::Received) nothing of it has reached the server, at
//! [`Answered`](crate::event::Stage::Answered) it is executed and the client has not been told.
//!
//! - **Statements.** A Query is one event, even with several statements. In the extended protocol
//!   the Execute is; what prepares it goes on with it, unless larger than 64 KiB. COPY data passes
//!   unread.
//! - **Outcomes** are the server's words: `INSERT 1`, `23505 unique_violation`. The COMMIT of a
//!   failed transaction is answered `ROLLBACK`. After an error a pipeline is `skipped` up to its
//!   Sync; `suspended` is a row limit that was reached, `empty` a statement of nothing. What fails
//!   when its Sync commits it tells both: `INSERT 1; 40001 serialization_failure`.
//! - **Held answers.** An answer is kept from its first byte until the hook has decided; of one
//!   larger than 64 KiB, only what tells its completion. The last statement before a Sync is
//!   complete when the Sync is, as an implicit transaction commits there; others of a pipeline, and
//!   what was asked for with Flush, with their own answer, and the transaction's state is unknown
//!   then. A statement whose connection the server breaks is never answered.
//! - **Decisions.** [`Unavailable`](crate::tap::Decision::Unavailable) tells the client FATAL 57P03
//!   and closes both sides. Postgres knows no HTTP status: [`Fail`](crate::tap::Decision::Fail)
//!   does the same.
//! - **Subjects.** Marks are looked for in the parameters, in either format, and in the text, up to
//!   64 KiB.
//! - **Bounds.** A client with more open than can be remembered is refused. What it deallocates by
//!   SQL counts until the name is given again.
//! - **Ends.** When the client closes or dies, the server's side is closed at once. What is
//!   executed is not cancelled: the server would not cancel it for a client that dies either.
//! - **Encryption.** A client that asks for TLS is told that there is none; the server may have it.

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

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// As the server sent it: `INSERT 0 1; COMMIT`; none if no statement was completed.
    pub tag: Option<String>,
    /// Read or changed, of all statements together.
    pub rows: Option<u64>,
    /// `23505`.
    pub sqlstate: Option<String>,
    /// Before the statement at `Received`, after it at `Answered`; unknown while a pipeline is
    /// under way.
    pub transaction: Option<Transaction>,
    /// As in `pg_stat_activity` and `pg_blocking_pids`. A connection pooler may make it up.
    pub backend_pid: Option<i32>,
    /// What is about the connection alone (SET, BEGIN, a ping) is no message's.
    #[serde(default)]
    pub is_data: bool,
    /// As they were bound, where [`Options::keep_parameters`] asks for them.
    #[serde(skip)]
    pub parameters: Vec<Option<Bytes>>,
}

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Those of a Bind that is larger than 64 KiB are not kept.
    pub keep_parameters: bool,
    pub gate: Gate,
    pub marks: Marks,
}

/// As ReadyForQuery has it (PostgreSQL: Frontend/Backend Protocol).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transaction {
    Idle,
    Open,
    /// Statements are refused until it is rolled back.
    Failed,
}
