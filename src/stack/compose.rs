//! The containers of `docker/compose.yaml`, which `make lab-up` starts and stops; no engine is
//! asked, so that the lab's own container needs none. In it, addresses come with the environment;
//! on the machine they are the published loopback ports, for consumers that are in no image.

use std::env;

use super::endpoints::{Endpoints, Kafka, Postgres, Security, StackKind};
use super::error::StackError;
use super::external::External;

/// The defaults of `docker/compose.yaml`.
const KAFKA_PORT: (&str, &str) = ("CRASHWINDOW_KAFKA_PORT", "29092");
const POSTGRES_PORT: (&str, &str) = ("CRASHWINDOW_POSTGRES_PORT", "25432");
const PASSWORD: (&str, &str) = ("CRASHWINDOW_POSTGRES_PASSWORD", "crashwindow");

pub(super) async fn check(given: Option<&External>) -> Result<Endpoints, StackError> {
    let servers = match given {
        Some(given) => given.clone(),
        None => published(|name| env::var(name).ok()),
    };
    let answer = servers.check().await.map_err(|error| {
        let told = error.to_string();
        let why = told.split("\nnext:").next().unwrap_or_default().to_owned();
        StackError::Compose { why }
    })?;
    Ok(Endpoints {
        kind: StackKind::Compose,
        ..answer
    })
}

fn published(variable: impl Fn(&str) -> Option<String>) -> External {
    let value = |(name, default): (&str, &str)| variable(name).unwrap_or_else(|| default.into());
    let (kafka, postgres) = (value(KAFKA_PORT), value(POSTGRES_PORT));
    External {
        kafka: Kafka {
            bootstrap: format!("127.0.0.1:{kafka}"),
            security: Security::default(),
        },
        postgres: Postgres {
            admin_url: format!(
                "postgres://postgres:{}@127.0.0.1:{postgres}/postgres",
                value(PASSWORD)
            ),
            ca: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPOSITION: &str = include_str!("../../docker/compose.yaml");

    #[test]
    fn the_defaults_are_those_of_the_composition() {
        for (name, default) in [KAFKA_PORT, POSTGRES_PORT, PASSWORD] {
            let wanted = format!("${{{name}:-{default}}}");
            assert!(COMPOSITION.contains(&wanted), "no {wanted}");
        }
    }

    #[test]
    fn what_the_environment_says_wins() {
        let servers = published(|name| (name == KAFKA_PORT.0).then(|| "4711".into()));
        assert_eq!(servers.kafka.bootstrap, "127.0.0.1:4711");
        assert!(
            servers
                .postgres
                .admin_url
                .ends_with("@127.0.0.1:25432/postgres")
        );
    }

    #[tokio::test]
    async fn a_composition_that_does_not_run_is_told_with_the_way_to_start_it() {
        let servers = published(|_| Some("1".into()));
        let error = check(Some(&servers))
            .await
            .expect_err("nobody listens on port 1");
        let told = error.to_string();
        assert!(told.contains("127.0.0.1:1"), "{told}");
        assert!(told.ends_with("next: make lab-up"), "{told}");
    }
}
