//! A database of a test's own behind a tap.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crashwindow::event::Source;
use crashwindow::tap::Hook;
use crashwindow::tap::postgres::{PostgresTap, Upstream};
use tokio::task::JoinHandle;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

use crate::desk::{Desk, Recording, asking};
use crate::support;

/// Far beyond what anything here takes; only a test that fails waits for it.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Waits for `future`, and names what it waited for if that does not come.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(DEADLINE, future).await;
    waited.unwrap_or_else(|_| panic!("waited {DEADLINE:?} for {what}"))
}

pub fn source() -> Source {
    Source {
        instance: "a".to_owned(),
        incarnation: 1,
    }
}

/// The administrator's DSN of the tests' stack.
fn admin() -> Config {
    static ADMIN: OnceLock<String> = OnceLock::new();
    let url = ADMIN.get_or_init(|| support::endpoints().postgres.admin_url);
    url.parse().expect("the stack's DSN can be read")
}

/// Where the server itself is.
pub fn server() -> SocketAddr {
    let admin = admin();
    let Host::Tcp(host) = &admin.get_hosts()[0] else {
        panic!("a native stack listens on TCP");
    };
    let ip = host.parse().expect("a native stack's host is an address");
    SocketAddr::new(ip, admin.get_ports()[0])
}

/// A connection, and the task that drives it: aborting that closes the socket, as dying does.
pub struct Session {
    pub client: Arc<Client>,
    pub driver: JoinHandle<Result<(), tokio_postgres::Error>>,
}

impl std::ops::Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

pub async fn session(config: &Config) -> Session {
    let connected = within("a connection", config.connect(NoTls)).await;
    let (client, connection) = connected.expect("the server takes a connection");
    Session {
        client: Arc::new(client),
        driver: tokio::spawn(connection),
    }
}

pub struct Lab {
    pub tap: PostgresTap,
    /// Of the test's own database, without the tap.
    pub config: Config,
}

impl Lab {
    /// A tap that asks at the desk about each statement.
    pub async fn asking() -> (Self, Desk) {
        let (hook, desk) = asking();
        (Self::with(Arc::new(hook)).await, desk)
    }

    /// A tap that lets everything pass and records it.
    pub async fn recording() -> (Self, Recording) {
        let recording = Recording::default();
        let lab = Self::with(Arc::new(recording.clone())).await;
        (lab, recording)
    }

    pub async fn with(hook: Arc<dyn Hook>) -> Self {
        let server = server();
        Self::upstream(
            Upstream::plain(server.ip().to_string(), server.port()),
            hook,
        )
        .await
    }

    pub async fn upstream(upstream: Upstream, hook: Arc<dyn Hook>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("tap_{}_{number}", std::process::id());
        let admin = session(&admin()).await;
        let create = format!("CREATE DATABASE {name}");
        admin.batch_execute(&create).await.expect("a database");
        let mut config = self::admin();
        config.dbname(&name);
        let direct = session(&config).await;
        let schema = "CREATE TABLE paid (id text PRIMARY KEY, amount int4)";
        direct.batch_execute(schema).await.expect("a table");
        let tap = PostgresTap::listen(source(), upstream, hook).expect("a free port");
        Self { tap, config }
    }

    /// Of the test's own database, through the tap.
    pub fn tapped(&self) -> Config {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(self.tap.address().port())
            .user(self.config.get_user().expect("a DSN with a user"))
            .password(self.config.get_password().expect("a DSN with a password"))
            .dbname(self.config.get_dbname().expect("a database of its own"));
        config
    }

    /// A DSN of the test's own database at this address.
    pub fn dsn(&self, at: SocketAddr) -> String {
        let password = self.config.get_password().expect("a DSN with a password");
        let password = std::str::from_utf8(password).expect("the stack's password is text");
        let database = self.config.get_dbname().expect("a database of its own");
        format!("postgres://postgres:{password}@{at}/{database}")
    }

    pub async fn direct(&self) -> Session {
        session(&self.config).await
    }

    pub async fn connect(&self) -> Session {
        session(&self.tapped()).await
    }

    /// The ids that everybody can see, in order.
    pub async fn paid(&self) -> Vec<String> {
        let direct = self.direct().await;
        let rows = direct.query("SELECT id FROM paid ORDER BY id", &[]).await;
        let rows = rows.expect("the table is readable");
        rows.into_iter().map(|row| row.get(0)).collect()
    }

    /// Waits until the backend has ended.
    pub async fn gone(&self, pid: i32) {
        let direct = self.direct().await;
        let alive = "SELECT 1 FROM pg_stat_activity WHERE pid = $1";
        let gone = async {
            while !direct
                .query(alive, &[&pid])
                .await
                .expect("it answers")
                .is_empty()
            {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        within("the backend to end", gone).await;
    }
}
