//! What a run owns on the stack: a topic, a group and a database of its own, so that runs never see
//! each other. Gone when the run ends; what a killed controller left is cleared by the next run
//! (`leftovers`).

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rand::distr::{Alphanumeric, SampleString};

use super::RunError;
use super::folder::RunFolder;
use super::leftovers::LeftoverRecord;
use crate::group::{Cluster, GroupClient};
use crate::stack::{self, Endpoints};

/// For each; a server that is gone must not hold up the end.
const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// The broker's default. One copy on the lab's single broker; on a cluster, as many as its owner
/// wants for topics that do not say.
const REPLICATION: i16 = -1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resources {
    pub topic: String,
    pub group: String,
    pub database: String,
    /// Where the consumer's records are the effects.
    pub output_topic: Option<String>,
    /// For what the consumer cannot do.
    pub parked_topic: Option<String>,
    pub endpoints: Endpoints,
}

#[derive(Default)]
pub(crate) struct Suffixes<'a> {
    pub(crate) output: Option<&'a str>,
    pub(crate) parked: Option<&'a str>,
}

impl Resources {
    /// The names are saved before anything exists, so that nothing can be left without a name.
    pub async fn create(
        folder: &RunFolder,
        endpoints: &Endpoints,
        partitions: u32,
        schema: impl Fn(&str) -> String,
        suffixes: Suffixes<'_>,
    ) -> Result<Self, RunError> {
        // Run numbers are only unique in one cache folder; a shared cluster sees many.
        let salt = Alphanumeric
            .sample_string(&mut rand::rng(), 6)
            .to_lowercase();
        let name = format!("crashwindow-{}-{salt}", folder.id);
        let resources = Self {
            topic: name.clone(),
            group: name.clone(),
            database: name.replace('-', "_"),
            output_topic: suffixes.output.map(|suffix| format!("{name}-{suffix}")),
            parked_topic: suffixes.parked.map(|suffix| format!("{name}-{suffix}")),
            endpoints: endpoints.clone(),
        };
        LeftoverRecord::of(&resources).save(folder)?;
        let schema = schema(resources.word());
        let created = async {
            tokio::try_join!(
                resources.create_topic(partitions),
                resources.create_database(&schema)
            )
        };
        match created.await {
            Ok(_) => Ok(resources),
            Err(e) => {
                resources.drop_all().await;
                Err(e)
            }
        }
    }

    /// In lower case: it ends the names here and the payments' ids.
    #[must_use]
    pub fn word(&self) -> &str {
        self.topic.rsplit('-').next().unwrap_or_default()
    }

    async fn create_topic(&self, partitions: u32) -> Result<(), RunError> {
        let partitions = i32::try_from(partitions).expect("a lab has few partitions");
        let cluster = self.cluster()?;
        for topic in self.topics() {
            cluster.create_topic(topic, partitions, REPLICATION).await?;
        }
        Ok(())
    }

    async fn create_database(&self, schema: &str) -> Result<(), RunError> {
        let postgres = &self.endpoints.postgres;
        let admin = connect(&postgres.admin_url, postgres.ca.as_deref()).await?;
        // The name is made of letters, digits and underscores here, and nowhere else. A file copy
        // is three times as fast as the default on an empty template.
        let create = format!(
            "CREATE DATABASE {} TEMPLATE template0 STRATEGY file_copy",
            self.database
        );
        admin
            .batch_execute(&create)
            .await
            .map_err(RunError::database("create the database"))?;
        let database = self.connect("crashwindow").await?;
        database
            .batch_execute(schema)
            .await
            .map_err(RunError::database("create the lab's tables"))
    }

    /// Under a name that Postgres shows in its activity.
    pub async fn connect(&self, name: &str) -> Result<tokio_postgres::Client, RunError> {
        let ca = self.endpoints.postgres.ca.as_deref();
        connect(&self.database_url(name), ca).await
    }

    #[must_use]
    pub fn database_url(&self, name: &str) -> String {
        let mut url = url::Url::parse(&self.endpoints.postgres.admin_url)
            .expect("the stack checked its DSN when it was brought up");
        url.set_path(&self.database);
        url.query_pairs_mut().append_pair("application_name", name);
        url.into()
    }

    fn topics(&self) -> impl Iterator<Item = &String> {
        let others = self.output_topic.iter().chain(&self.parked_topic);
        [&self.topic].into_iter().chain(others)
    }

    fn cluster(&self) -> Result<Cluster, RunError> {
        let kafka = &self.endpoints.kafka;
        Ok(Cluster::new(&kafka.bootstrap, kafka.security.clone())?)
    }

    /// Through a tap: in plaintext, whatever lies behind it.
    #[must_use]
    pub fn database_url_at(&self, tap: &SocketAddr, name: &str) -> String {
        let mut url =
            url::Url::parse(&self.database_url(name)).expect("it was made from one that parses");
        let at = url
            .set_ip_host(tap.ip())
            .and_then(|()| url.set_port(Some(tap.port())));
        at.expect("a postgres URL has a host and a port");
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(k, _)| !k.starts_with("ssl"))
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        url.into()
    }

    pub async fn group_client(&self) -> Result<GroupClient, RunError> {
        Ok(self.cluster()?.group(&self.group).await?)
    }

    /// What cannot be removed is told on the log, not returned: a run that ends must not fail for
    /// what it leaves on a server that is gone.
    pub async fn drop_all(&self) {
        let database = async {
            let postgres = &self.endpoints.postgres;
            let admin = connect(&postgres.admin_url, postgres.ca.as_deref()).await?;
            let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database);
            admin
                .batch_execute(&drop)
                .await
                .map_err(RunError::database("drop the database"))
        };
        let topic = async {
            let cluster = self.cluster()?;
            // What the consumer has made beside the run's own: dead letters, retries, changelogs.
            for topic in cluster.topics_named(&self.topic).await? {
                cluster.delete_topic(&topic).await?;
            }
            let group = self.group_client().await?;
            // A process that was killed is still a member, and a group with members stays.
            group.evict_all().await?;
            group.delete().await?;
            Ok(())
        };
        let (database, topic) = tokio::join!(
            tokio::time::timeout(DROP_DEADLINE, database),
            tokio::time::timeout(DROP_DEADLINE, topic),
        );
        for (what, result) in [("database", database), ("topic and group", topic)] {
            let result: Result<Result<(), RunError>, _> = result;
            match result {
                Ok(Ok(())) => {}
                Ok(Err(e)) => tracing::warn!("the run's {what} could not be removed: {e}"),
                Err(_) => tracing::warn!(
                    "the run's {what} could not be removed within {} s",
                    DROP_DEADLINE.as_secs()
                ),
            }
        }
    }
}

pub(crate) async fn connect(
    dsn: &str,
    ca: Option<&Path>,
) -> Result<tokio_postgres::Client, RunError> {
    let connected = stack::postgres::connect(dsn, ca).await;
    let (client, _connection) = connected.map_err(|e| RunError::Database {
        what: "let us in",
        reason: format!("{e:#} ({})", stack::postgres::address(dsn)),
    })?;
    Ok(client)
}
