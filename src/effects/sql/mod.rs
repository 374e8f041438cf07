//! Effects in the run's database: rows that a query finds, or transitions that triggers record.
//!
//! A query of the final state cannot see an idempotent UPDATE done twice. A watched transition can:
//! triggers write an audit row for every row version whose column a statement *assigned* so that
//! the condition holds, in the same transaction, so that what is rolled back leaves nothing.
//!
//! - `UPDATE … SET status = 'paid'` counts, as a repeat on a row that is paid already; so does an
//!   INSERT of a paid row, by COPY, MERGE and ON CONFLICT DO UPDATE too.
//! - An UPDATE that does not assign the column counts nothing. An ORM that writes all columns back
//!   assigns it: a repeat, because the next reader of the row's change stream sees it as one.
//! - What a trigger of the consumer's own assigns counts only on INSERT, as with Postgres' `UPDATE
//!   OF`.
//! - A row that an UPDATE moves to another partition counts as it would have without moving.
//! - Rows of CREATE TABLE AS, and of heirs that are no partitions, are not seen.

mod grammar;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::AbortHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

pub(crate) use grammar::GrammarError;
pub use grammar::{Literal, SqlEffects, Watched};

use super::error::{EffectsError, reason};
use super::payment::named;
use crate::event::Marks;
use crate::verdict::Effect;

const AUDIT: &str = include_str!("audit.sql");

/// Names the triggers on DDL after the functions they call.
const DDL_TRIGGERS: &str = "
    CREATE EVENT TRIGGER crashwindow_before ON ddl_command_start WHEN TAG IN ('ALTER TABLE')
        EXECUTE FUNCTION crashwindow.on_ddl();
    CREATE EVENT TRIGGER crashwindow_after ON ddl_command_end
        EXECUTE FUNCTION crashwindow.on_ddl();
    ALTER EVENT TRIGGER crashwindow_before ENABLE ALWAYS;
    ALTER EVENT TRIGGER crashwindow_after ENABLE ALWAYS";

/// Where DDL cannot be watched: shorter than any migration and the first payment after it; a look
/// at the catalog costs far less than a millisecond.
const POLL: Duration = Duration::from_millis(10);

/// Of a table that the consumer makes after the run has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watching {
    /// In the statement that makes it: nothing can be missed.
    Ddl,
    /// The role may not make event triggers: a transition right after the table was made can be
    /// missed. Say so to whoever reads the counts.
    Poll,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// What the row's id column holds.
    pub payment: Option<String>,
    /// Milliseconds since the Unix epoch, by the server's clock.
    pub at_unix_ms: i64,
    pub txid: i64,
    /// Within the transaction, from 1.
    pub number: i64,
    /// `INSERT` or `UPDATE`.
    pub operation: String,
    /// None for an INSERT.
    pub was: Option<String>,
    pub is: Option<String>,
    /// The condition held before, too: an effect that was already there was done again.
    pub repeat: bool,
}

impl Transition {
    /// Stable: a transaction's transitions become visible together.
    fn id(&self) -> String {
        let repeat = if self.repeat { " (repeat)" } else { "" };
        let operation = self.operation.to_lowercase();
        format!("tx{}/{} {operation}{repeat}", self.txid, self.number)
    }
}

pub struct SqlCounter {
    client: Arc<Client>,
    effects: SqlEffects,
    marks: Marks,
    watching: Watching,
    poll: Option<AbortHandle>,
}

impl SqlCounter {
    /// Needs the connection for itself; call it before a consumer starts, and once in a database.
    /// The table need not be there yet; one that does not fit is [`EffectsError::Unwatched`].
    pub async fn open(
        client: Client,
        effects: SqlEffects,
        marks: Marks,
    ) -> Result<Self, EffectsError> {
        let mut counter = Self {
            client: Arc::new(client),
            effects,
            marks,
            watching: Watching::Ddl,
            poll: None,
        };
        let Some(watched) = counter.watched().cloned() else {
            let client = &counter.client;
            // The query is the user's: it can look, and do nothing else.
            let read_only = client.batch_execute("SET default_transaction_read_only = on");
            read_only
                .await
                .map_err(EffectsError::database("open a session that only reads"))?;
            return Ok(counter);
        };
        counter.install(&watched).await?;
        counter.attach(&watched).await?;
        if counter.watching == Watching::Poll {
            let polling = tokio::spawn(poll(Arc::clone(&counter.client)));
            counter.poll = Some(polling.abort_handle());
        }
        Ok(counter)
    }

    #[must_use]
    pub fn watching(&self) -> Watching {
        self.watching
    }

    /// Those that are committed. [`EffectsError::Missing`] while the table is not there.
    pub async fn effects(&self) -> Result<Vec<Effect>, EffectsError> {
        if let SqlEffects::Query(query) = &self.effects {
            return self.rows(query).await;
        }
        let transitions = self.transitions().await?;
        Ok(transitions
            .into_iter()
            .map(|transition| Effect {
                charge: transition.id(),
                payment: transition.payment.map(|id| named(&self.marks, &id)),
            })
            .collect())
    }

    /// Committed ones, in the order of their times; none where rows are counted.
    pub async fn transitions(&self) -> Result<Vec<Transition>, EffectsError> {
        let Some(watched) = self.watched() else {
            return Ok(Vec::new());
        };
        let query = "SELECT payment, (extract(epoch FROM at) * 1000)::bigint, txid, \
             row_number() OVER (PARTITION BY txid ORDER BY at, ctid), operation, was, \"is\", repeat \
             FROM crashwindow.audit ORDER BY at, txid, 4";
        let rows = self.client.query(query, &[]).await;
        let rows = rows.map_err(EffectsError::database("read the audit of transitions"))?;
        // A table that was dropped after its transitions is no reason to forget them.
        if !self.attach(watched).await? && rows.is_empty() {
            return Err(EffectsError::Missing {
                what: format!("table {}", watched.table()),
                next: "check the name in --effects; a table outside public is SCHEMA.TABLE.COLUMN",
            });
        }
        let transition = |row: tokio_postgres::Row| Transition {
            payment: row.get(0),
            at_unix_ms: row.get(1),
            txid: row.get(2),
            number: row.get(3),
            operation: row.get(4),
            was: row.get(5),
            is: row.get(6),
            repeat: row.get(7),
        };
        Ok(rows.into_iter().map(transition).collect())
    }

    fn watched(&self) -> Option<&Watched> {
        match &self.effects {
            SqlEffects::Query(_) => None,
            SqlEffects::Transition(watched) => Some(watched),
        }
    }

    async fn install(&mut self, watched: &Watched) -> Result<(), EffectsError> {
        let failed = EffectsError::database("make the audit of transitions");
        let client = &self.client;
        let condition = watched.condition();
        let row: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [
            &watched.schema,
            &watched.table,
            &watched.column,
            &condition,
            &watched.id,
        ];
        let installed = async {
            client.batch_execute(AUDIT).await?;
            let insert = "INSERT INTO crashwindow.watch VALUES ($1, $2, $3, $4, $5)";
            client.execute(insert, &row).await?;
            match client.batch_execute(DDL_TRIGGERS).await {
                Err(e) if e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                    // The poll must not stand in the way of a transaction that writes.
                    client.batch_execute("SET lock_timeout = 100").await?;
                    Ok(Watching::Poll)
                }
                done => done.map(|()| Watching::Ddl),
            }
        };
        self.watching = installed.await.map_err(failed)?;
        Ok(())
    }

    /// If so, it is watched then.
    async fn attach(&self, watched: &Watched) -> Result<bool, EffectsError> {
        let row = self.client.query_one("SELECT crashwindow.attach()", &[]);
        match row.await {
            Ok(row) => Ok(row.get(0)),
            Err(e) if e.as_db_error().is_some() => Err(EffectsError::Unwatched {
                table: watched.table(),
                why: reason(&e),
            }),
            Err(e) => Err(EffectsError::database("watch the table")(e)),
        }
    }

    async fn rows(&self, query: &str) -> Result<Vec<Effect>, EffectsError> {
        // Refuses more than one statement, which the simple protocol below would execute.
        let prepared = self.client.prepare(query).await.map_err(missing)?;
        if prepared.columns().is_empty() {
            return Err(EffectsError::Database {
                what: "count with the query of --effects",
                reason: "it returns no column".to_owned(),
            });
        }
        // The simple protocol answers in text, whatever the column's type.
        let messages = self.client.simple_query(query).await.map_err(missing)?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
            _ => None,
        });
        Ok((1..)
            .zip(rows)
            .map(|(number, payment)| Effect {
                charge: format!("row {number}"),
                payment: payment.map(|id| named(&self.marks, &id)),
            })
            .collect())
    }
}

impl Drop for SqlCounter {
    fn drop(&mut self) {
        if let Some(poll) = &self.poll {
            poll.abort();
        }
    }
}

fn missing(e: tokio_postgres::Error) -> EffectsError {
    if e.code() == Some(&SqlState::UNDEFINED_TABLE) {
        return EffectsError::Missing {
            what: format!("table for the query of --effects: {}", reason(&e)),
            next: "check the name in --effects; a table outside public is SCHEMA.TABLE",
        };
    }
    EffectsError::database("count with the query of --effects")(e)
}

async fn poll(client: Arc<Client>) {
    // What fails here fails again when effects are counted, and is told then.
    while !client.is_closed() {
        let _ = client.execute("SELECT crashwindow.attach()", &[]).await;
        tokio::time::sleep(POLL).await;
    }
}
