//! What runs left on the stack whose controller was killed, and how it is cleared.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RunError;
use super::folder::{self, FolderError, RunFolder};
use super::resources::Resources;
use crate::stack::{self, Endpoints};

const FILE: &str = "resources.json";

/// Enough to find a run's resources again, and no credential: whoever clears them has credentials
/// of its own.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeftoverRecord {
    /// The run's other topics begin with its name.
    topic: String,
    group: String,
    database: String,
    stack: ServerAddresses,
}

/// By what a stack is known again. Another stack may later have the same addresses: the names above
/// are drawn, so that nothing of that one is taken for the run's.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerAddresses {
    /// `host:port[,host:port…]`.
    kafka: String,
    /// `host:port`.
    postgres: String,
}

impl ServerAddresses {
    fn of(endpoints: &Endpoints) -> Self {
        Self {
            kafka: endpoints.kafka.bootstrap.clone(),
            postgres: stack::postgres::address(&endpoints.postgres.admin_url),
        }
    }
}

impl LeftoverRecord {
    pub(crate) fn of(resources: &Resources) -> Self {
        Self {
            topic: resources.topic.clone(),
            group: resources.group.clone(),
            database: resources.database.clone(),
            stack: ServerAddresses::of(&resources.endpoints),
        }
    }

    pub(crate) fn save(&self, folder: &RunFolder) -> Result<(), FolderError> {
        folder.write(FILE, self)
    }

    /// None where that is on another stack.
    fn on(self, endpoints: &Endpoints) -> Option<Resources> {
        (self.stack == ServerAddresses::of(endpoints)).then(|| Resources {
            topic: self.topic,
            group: self.group,
            database: self.database,
            output_topic: None,
            parked_topic: None,
            endpoints: endpoints.clone(),
        })
    }
}

/// None if it had not got that far.
fn left_by(run: &Path, endpoints: &Endpoints) -> Option<Resources> {
    if !run.join(FILE).is_file() {
        return None;
    }
    match folder::read::<LeftoverRecord>(run, FILE) {
        Ok(record) => record.on(endpoints),
        Err(e) => {
            tracing::warn!("what a killed run has left is not cleared: {e}");
            None
        }
    }
}

/// Clears what killed controllers left, and marks their runs inconclusive. Only what is on the
/// given stack is cleared: another one may be down, and is wiped when it comes up.
pub async fn sweep(runs: &Path, endpoints: &Endpoints) -> Result<usize, RunError> {
    let mut swept = 0;
    for path in folder::abandoned(runs)? {
        // The cells of an exploration are runs too.
        swept += Box::pin(sweep(&path.join("cells"), endpoints)).await?;
        let state: folder::State = match folder::read(&path, folder::STATE) {
            Ok(state) => state,
            // Killed between making the folder and writing to it: nothing was created yet.
            Err(_) => continue,
        };
        if !matches!(state, folder::State::Running) {
            continue;
        }
        if let Some(resources) = left_by(&path, endpoints) {
            resources.drop_all().await;
        }
        let reason = "the controller was killed in mid-run".to_owned();
        folder::write(
            &path,
            folder::STATE,
            &folder::State::Inconclusive { reason },
        )?;
        swept += 1;
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{
        Kafka, Mechanism, Postgres, Sasl, Security, SecurityProtocol, StackKind, Versions,
    };

    fn endpoints(password: &str, kafka: u16, postgres: u16) -> Endpoints {
        Endpoints {
            kind: StackKind::External,
            kafka: Kafka {
                bootstrap: format!("broker.example:{kafka}"),
                security: Security {
                    protocol: SecurityProtocol::SaslSsl,
                    sasl: Some(Sasl {
                        mechanism: Mechanism::Plain,
                        username: "lab".to_owned(),
                        password: format!("kafka-{password}"),
                    }),
                    ..Security::default()
                },
            },
            postgres: Postgres {
                admin_url: format!("postgres://root:pg-{password}@db.example:{postgres}/postgres"),
                ca: None,
            },
            versions: Versions::default(),
            prometheus: None,
        }
    }

    fn resources(endpoints: Endpoints) -> Resources {
        Resources {
            topic: "crashwindow-0001-abc".to_owned(),
            group: "crashwindow-0001-abc".to_owned(),
            database: "crashwindow_0001_abc".to_owned(),
            output_topic: None,
            parked_topic: None,
            endpoints,
        }
    }

    fn killed(runs: &Path, endpoints: Endpoints) -> (std::path::PathBuf, String) {
        let run = RunFolder::create(runs).unwrap();
        LeftoverRecord::of(&resources(endpoints))
            .save(&run)
            .unwrap();
        let text = std::fs::read_to_string(run.path.join(FILE)).unwrap();
        (run.path.clone(), text)
    }

    #[test]
    fn what_a_run_writes_down_of_its_resources_holds_no_credential() {
        let runs = tempfile::tempdir().unwrap();
        let (_, text) = killed(runs.path(), endpoints("hunter2", 9_092, 5_432));
        assert!(text.contains("crashwindow_0001_abc"), "{text}");
        for secret in ["hunter2", "root", "\"lab\"", "postgres://"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }

    #[test]
    fn whoever_clears_a_run_uses_credentials_of_its_own() {
        let runs = tempfile::tempdir().unwrap();
        let (run, _) = killed(runs.path(), endpoints("old", 9_092, 5_432));
        let now = endpoints("new", 9_092, 5_432);
        assert_eq!(left_by(&run, &now), Some(resources(now.clone())));
    }

    #[test]
    fn what_is_on_another_stack_or_cannot_be_read_is_left_alone() {
        let runs = tempfile::tempdir().unwrap();
        let (run, _) = killed(runs.path(), endpoints("one", 9_092, 5_432));
        for (kafka, postgres) in [(9_093, 5_432), (9_092, 5_433)] {
            assert_eq!(left_by(&run, &endpoints("one", kafka, postgres)), None);
        }
        std::fs::write(run.join(FILE), "{").unwrap();
        assert_eq!(left_by(&run, &endpoints("one", 9_092, 5_432)), None);
    }

    #[tokio::test]
    async fn a_killed_run_is_marked_and_one_that_goes_on_is_not() {
        let runs = tempfile::tempdir().unwrap();
        let (dead, _) = killed(runs.path(), endpoints("one", 9_092, 5_432));
        let living = RunFolder::create(runs.path()).unwrap();
        // Another stack: there is nothing to connect to.
        let other = endpoints("one", 1, 1);
        assert_eq!(sweep(runs.path(), &other).await.unwrap(), 1);
        let state = |run: &Path| folder::read::<folder::State>(run, folder::STATE).unwrap();
        assert!(matches!(state(&dead), folder::State::Inconclusive { .. }));
        assert_eq!(state(&living.path), folder::State::Running);
    }
}
