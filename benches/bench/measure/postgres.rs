//! Single-row transactions: BEGIN, INSERT and COMMIT, prepared, one after another.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use crashwindow::event::message_id;
use tokio_postgres::{Client, NoTls, Statement};

use super::stats::{Latency, Rounds};
use super::ways::{Way, Ways};
use super::{Print, Scale};

/// As for records; see there.
const TURN: usize = 50;

pub(super) async fn measure(
    ways: &Ways,
    scale: Scale,
    print: &mut Print<'_>,
) -> anyhow::Result<()> {
    let mut clients = Vec::new();
    for way in &ways.all {
        clients.push(Inserting::connect(way).await?);
    }
    let before = clients[0].rows().await?;
    let mut rates = Rounds::new(ways.names());
    let mut latencies = Rounds::new(ways.names());
    for round in 0..scale.rounds {
        let mut times: Vec<Vec<Duration>> = vec![Vec::new(); clients.len()];
        let turns = scale.transactions.div_ceil(TURN);
        for turn in 0..turns {
            for index in ways.order(round + turn) {
                let left = scale.transactions - turn * TURN;
                for _ in 0..left.min(TURN) {
                    let since = Instant::now();
                    clients[index].transaction().await?;
                    times[index].push(since.elapsed());
                }
            }
        }
        let rate = |times: &Vec<Duration>| {
            times.len() as f64 / times.iter().sum::<Duration>().as_secs_f64()
        };
        rates.push(times.iter().map(rate).collect());
        latencies.push(times.iter().map(|times| Latency::of(times)).collect());
    }
    let inserted = clients[0].rows().await? - before;
    let expected = i64::try_from(scale.rounds * scale.transactions * clients.len())?;
    ensure!(
        inserted == expected,
        "{inserted} rows are there, and {expected} were inserted"
    );
    print(&format!(
        "postgres, single-row transactions: {}",
        rates.rates("/s", 1.0)
    ));
    print(&format!(
        "postgres, one transaction:         {}",
        latencies.latencies()
    ));
    Ok(())
}

struct Inserting {
    client: Client,
    begin: Statement,
    insert: Statement,
    commit: Statement,
    number: u32,
}

impl Inserting {
    async fn connect(way: &Way) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(&way.database_url, NoTls)
            .await
            .with_context(|| format!("the way {} does not lead to Postgres", way.name))?;
        tokio::spawn(connection);
        let table = "CREATE TABLE IF NOT EXISTS bench (id text, amount int)";
        client.batch_execute(table).await?;
        Ok(Self {
            begin: client.prepare("BEGIN").await?,
            insert: client.prepare("INSERT INTO bench VALUES ($1, $2)").await?,
            commit: client.prepare("COMMIT").await?,
            client,
            number: 0,
        })
    }

    async fn transaction(&mut self) -> anyhow::Result<()> {
        self.number += 1;
        let id = message_id(self.number);
        self.client.execute(&self.begin, &[]).await?;
        let inserted = self.client.execute(&self.insert, &[&id, &4200]).await?;
        ensure!(inserted == 1, "{inserted} rows were inserted");
        self.client.execute(&self.commit, &[]).await?;
        Ok(())
    }

    async fn rows(&self) -> anyhow::Result<i64> {
        let row = self
            .client
            .query_one("SELECT count(*) FROM bench", &[])
            .await?;
        Ok(row.get(0))
    }
}
