//! The contract between the lab and a consumer: what an instance finds in its environment.

use rdkafka::ClientConfig;
use tokio_postgres::NoTls;
use tracing_subscriber::EnvFilter;

use crate::PaymentApi;

#[derive(Debug, Clone)]
pub struct Settings {
    /// `KAFKA_TOPIC`.
    pub topic: String,
    /// `KAFKA_GROUP_ID`.
    pub group: String,
    /// `CONSUMER_ID`; the replacement after a crash has the same.
    pub consumer_id: String,
    bootstrap: String,
    database_url: String,
    api_url: String,
    api_key: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(
        "the environment has no {0}; a consumer is started by the lab, which sets it: crashwindow run"
    )]
    Missing(&'static str),
}

impl Settings {
    /// Starts logging to standard error, too, which the lab keeps in the run folder; `RUST_LOG`
    /// changes what.
    pub fn from_env() -> Result<Self, SettingsError> {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        // A second initialisation is a test's; the first one stands.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .try_init();
        let read = |name| std::env::var(name).map_err(|_| SettingsError::Missing(name));
        Ok(Self {
            topic: read("KAFKA_TOPIC")?,
            group: read("KAFKA_GROUP_ID")?,
            consumer_id: read("CONSUMER_ID")?,
            bootstrap: read("KAFKA_BOOTSTRAP_SERVERS")?,
            database_url: read("DATABASE_URL")?,
            api_url: read("PAYMENT_API_URL")?,
            api_key: read("PAYMENT_API_KEY")?,
        })
    }

    /// Nothing here changes what is delivered: that is set in the consumer's own file.
    #[must_use]
    pub fn kafka(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", &self.consumer_id);
        // A fetch that waits for records holds up what else is asked on its connection, such as
        // newly assigned partitions: half a second by default.
        config.set("fetch.wait.max.ms", "20");
        config
    }

    /// In plaintext: a tap lies between, and it speaks no TLS.
    pub async fn database(&self) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.database_url, NoTls).await?;
        // It ends with the client, or with an error that the client's next statement has as well.
        tokio::spawn(connection);
        Ok(client)
    }

    #[must_use]
    pub fn payment_api(&self) -> PaymentApi {
        PaymentApi::new(&self.api_url, &self.api_key)
    }
}
