//! Counts effects in the ledger, on a connection of the controller's own.

use tokio_postgres::Client;

use crate::run::manifest::Ledger;
use crate::session::RunError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) effects: u64,
    pub(super) paid: u64,
    pub(super) unattributed_effects: u64,
}

pub(super) struct LedgerReader {
    client: Client,
    grown: String,
    between: String,
    total: String,
    counted: i64,
    /// The newest entry at the last look: entries before it that were not committed then are now,
    /// as a statement takes far less than the time between two looks.
    newest: i64,
    effects: u64,
    again: u64,
}

impl LedgerReader {
    pub(super) fn new(client: Client, ledger: &Ledger) -> Self {
        let Ledger {
            table,
            entry,
            payment,
        } = ledger;
        let number = format!("substring({payment} FROM '^msg-([0-9]+)$')::bigint");
        let known = format!("coalesce({number} BETWEEN 1 AND $1, false)");
        Self {
            client,
            grown: format!("SELECT coalesce(max({entry}), 0)::bigint FROM {table}"),
            between: format!(
                "SELECT count(*), count(*) FILTER (WHERE EXISTS (
                     SELECT FROM {table} AS earlier
                     WHERE earlier.{payment} = line.{payment} AND earlier.{entry} < line.{entry}))
                 FROM {table} AS line WHERE {entry} > $1 AND {entry} <= $2"
            ),
            total: format!(
                "SELECT count(*) FILTER (WHERE {known}),
                        count(DISTINCT {payment}) FILTER (WHERE {known}),
                        count(*) FILTER (WHERE NOT {known})
                 FROM {table}"
            ),
            counted: 0,
            newest: 0,
            effects: 0,
            again: 0,
        }
    }

    /// A look ago: effects, and those of them that were not their payment's first.
    pub(super) async fn look(&mut self) -> Result<(u64, u64), RunError> {
        let failed = || RunError::database("count the effects");
        let row = self
            .client
            .query_one(&self.between, &[&self.counted, &self.newest])
            .await;
        let row = row.map_err(failed())?;
        self.effects += row.get::<_, i64>(0).cast_unsigned();
        self.again += row.get::<_, i64>(1).cast_unsigned();
        self.counted = self.newest;
        let row = self.client.query_one(&self.grown, &[]).await;
        self.newest = row.map_err(failed())?.get(0);
        Ok((self.effects, self.again))
    }

    /// When none comes any more; payments have the numbers from 1 to `payments`.
    pub(super) async fn total(&self, payments: u64) -> Result<Total, RunError> {
        let row = self
            .client
            .query_one(&self.total, &[&payments.cast_signed()])
            .await;
        let row = row.map_err(RunError::database("count all effects"))?;
        let count = |column| row.get::<_, i64>(column).cast_unsigned();
        Ok(Total {
            effects: count(0),
            paid: count(1),
            unattributed_effects: count(2),
        })
    }
}
