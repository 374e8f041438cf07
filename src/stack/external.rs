//! Servers that somebody else runs: asked before they are used.

use std::time::Duration;

use super::endpoints::{Endpoints, Kafka, Postgres, StackKind, Versions};
use super::error::StackError;
use super::{kafka, postgres};

/// Long enough for a cluster across a continent with TLS and SASL, short enough to wait for.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub struct External {
    pub kafka: Kafka,
    pub postgres: Postgres,
}

impl External {
    /// Whether they answer and let us make what a run needs, without making it.
    pub(crate) async fn check(&self) -> Result<Endpoints, StackError> {
        let (kafka, version) = tokio::join!(self.check_kafka(), self.check_postgres());
        kafka?;
        Ok(Endpoints {
            kind: StackKind::External,
            kafka: self.kafka.clone(),
            postgres: self.postgres.clone(),
            versions: Versions {
                kafka: None,
                postgres: Some(version?),
            },
            prometheus: None,
        })
    }

    async fn check_kafka(&self) -> Result<(), StackError> {
        let failed = |error: anyhow::Error, check: &str| StackError::External {
            what: "Kafka",
            address: self.kafka.bootstrap.clone(),
            why: format!("{error:#}"),
            check: check.to_string(),
        };
        let security = self.kafka.security.protocol.as_str();
        kafka::ask(&self.kafka, PATIENCE).await.map_err(|error| {
            let check = format!(
                "check that a listener with security {security} is there and reachable from here \
                 (--kafka, --kafka-security, --kafka-ca, --kafka-username)"
            );
            failed(error, &check)
        })?;
        kafka::may_create_topic(&self.kafka, PATIENCE)
            .await
            .map_err(|error| {
                failed(
                    error,
                    "allow this user to create, describe, read and write topics",
                )
            })
    }

    async fn check_postgres(&self) -> Result<String, StackError> {
        let Postgres { admin_url, ca } = &self.postgres;
        let failed = |error: anyhow::Error, check: &str| StackError::External {
            what: "Postgres",
            address: postgres::address(admin_url),
            why: format!("{error:#}"),
            check: check.to_string(),
        };
        let version = postgres::ask(admin_url, ca.as_deref(), PATIENCE)
            .await
            .map_err(|error| {
                failed(
                    error,
                    "check that a server listens there and takes this role, password and sslmode \
                 (--postgres, --postgres-ca)",
                )
            })?;
        postgres::may_create_database(admin_url, ca.as_deref())
            .await
            .map_err(|error| failed(error, "ALTER ROLE … CREATEDB, or use another role"))?;
        Ok(version)
    }
}
