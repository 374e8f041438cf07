//! A database of its own for each test.

use crashwindow::effects::{SqlCounter, SqlEffects, Transition};
use crashwindow::event::Marks;
use tokio_postgres::Client;

use crate::support;

/// A new database.
pub struct Database {
    url: String,
}

impl Database {
    pub async fn create() -> Self {
        let name = format!("effects_test_{:016x}", rand::random::<u64>());
        let mut url = url::Url::parse(&support::endpoints().postgres.admin_url).unwrap();
        let admin = connect(url.as_str()).await;
        let create = format!("CREATE DATABASE {name}");
        admin.batch_execute(&create).await.expect("a database");
        url.set_path(&name);
        Self { url: url.into() }
    }

    /// A new session, as the consumer would open one.
    pub async fn session(&self) -> Client {
        connect(&self.url).await
    }

    /// Gives the database to a role that is no superuser; returns the role and a session of it.
    pub async fn owned(&self) -> (String, Client) {
        let admin = self.session().await;
        let mut url = url::Url::parse(&self.url).unwrap();
        let database = url.path().trim_start_matches('/').to_owned();
        let role = format!("effects_owner_{:016x}", rand::random::<u64>());
        let sql = format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'pw'; ALTER DATABASE {database} OWNER TO {role}"
        );
        admin.batch_execute(&sql).await.unwrap();
        url.set_username(&role).unwrap();
        url.set_password(Some("pw")).unwrap();
        let session = connect(url.as_str()).await;
        (role, session)
    }

    pub async fn counter(&self, effects: &str) -> SqlCounter {
        let effects: SqlEffects = effects.parse().expect("the grammar");
        let counter = SqlCounter::open(self.session().await, effects, Marks::default()).await;
        counter.unwrap_or_else(|e| panic!("{e}"))
    }
}

async fn connect(url: &str) -> Client {
    let connected = crashwindow::stack::postgres::connect(url, None).await;
    connected.expect("Postgres answers").0
}

/// A database with a table of orders whose transition to paid is counted.
pub struct Orders {
    pub database: Database,
    pub consumer: Client,
    pub counter: SqlCounter,
}

pub const PAID: &str = "orders.status = 'paid' BY id";
pub const TABLE: &str =
    "CREATE TABLE orders (id text PRIMARY KEY, status text NOT NULL DEFAULT 'new', note text)";

impl Orders {
    pub async fn new() -> Self {
        Self::of(TABLE, PAID).await
    }

    /// With these tables, made before anything is watched.
    pub async fn of(schema: &str, effects: &str) -> Self {
        let database = Database::create().await;
        let consumer = database.session().await;
        consumer.batch_execute(schema).await.expect(schema);
        let counter = database.counter(effects).await;
        Self {
            database,
            consumer,
            counter,
        }
    }

    /// Executes a statement of the consumer's, and returns how many rows it says it changed.
    pub async fn execute(&self, sql: &str) -> u64 {
        let done = self.consumer.execute(sql, &[]).await;
        done.unwrap_or_else(|e| panic!("{sql}: {e:?}"))
    }

    pub async fn transitions(&self) -> Vec<Transition> {
        let transitions = self.counter.transitions().await;
        transitions.unwrap_or_else(|e| panic!("{e}"))
    }

    /// What was counted: payment, operation, and whether it was a repeat.
    pub async fn counted(&self) -> Vec<(String, String, bool)> {
        let short = |t: Transition| (t.payment.unwrap_or_default(), t.operation, t.repeat);
        self.transitions().await.into_iter().map(short).collect()
    }
}

/// One line of [`Orders::counted`].
pub fn line(payment: &str, operation: &str, repeat: bool) -> (String, String, bool) {
    (payment.to_owned(), operation.to_owned(), repeat)
}
