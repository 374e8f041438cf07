//! The manifest of a lab: `labs/NN-name/lab.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::chaos::Fault;
use crate::effects::EffectSource;
use crate::verdict::CellOutcome;
use crate::verdict::{self, Guarantee, Verdict};
use crate::window::Edge;

mod check;
mod error;
mod find;
mod provider;
mod storm;

pub(crate) use error::ManifestError;
pub use find::{all, find, labs_folder};
pub use provider::Provider;
pub use storm::{Checks, Ledger, StormScenario, StormSection};

const SCHEMA: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub schema: u32,
    /// Two digits.
    pub id: String,
    pub name: String,
    pub title: String,
    pub question: String,
    pub guarantee: Guarantee,
    pub workload: Workload,
    /// The consumer's own tables.
    pub database: Database,
    /// A charge, where nothing is said.
    #[serde(default)]
    pub effects: Effects,
    /// As Stripe behaves, where nothing is said.
    #[serde(default)]
    pub provider: Provider,
    pub consumers: BTreeMap<String, Consumer>,
    /// A lab may have a storm instead.
    #[serde(default)]
    pub scenarios: Vec<Scenario>,
    #[serde(default)]
    pub storm: Option<StormSection>,
    /// By consumer: a row for each of its boundary events.
    #[serde(default)]
    pub explore: BTreeMap<String, Vec<ExploreRow>>,
    #[serde(skip)]
    pub folder: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    pub payments: u32,
    pub partitions: u32,
    pub instances: u32,
    /// Seconds that a payment gets before it is called lost, half-done or unfinished; the default
    /// is meant for workers that recover on timers of their own.
    pub patience: Option<u64>,
}

/// What the customer feels, and how it is counted from outside the consumer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effects {
    pub source: EffectSource,
    /// In words: `charged`.
    #[serde(rename = "done")]
    pub effect_verb: String,
}

impl Default for Effects {
    fn default() -> Self {
        Self {
            source: EffectSource::Ledger,
            effect_verb: verdict::CHARGED.to_owned(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Beside the manifest. `crashwindow.payments` is set to the run's number of payments, for
    /// tables that have a row for each, and `crashwindow.run` to the word behind the dash at the
    /// end of their ids.
    pub schema: PathBuf,
    /// A query for all payments that the consumer has recorded as done.
    #[serde(rename = "recorded")]
    pub processed_ids: String,
    #[serde(default)]
    pub statements: Vec<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// Beside `crashwindow`, or a path from the lab's folder (`./consumer.py`).
    pub bin: String,
    pub source: PathBuf,
    pub about: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    pub fault: Fault,
    pub at: String,
    pub edge: Edge,
    pub strikes: u32,
    /// The provider's, before the redelivery: the payment waits as in a dead-letter topic or an
    /// outage.
    pub wait_hours: Option<u32>,
    pub expect: BTreeMap<String, Verdict>,
    pub why: String,
}

/// What must become of a payment around one of the consumer's boundary events.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExploreRow {
    /// How the event's signature begins.
    pub event: String,
    /// By fault: in the window behind the event.
    pub after: BTreeMap<Fault, CellOutcome>,
    /// Done to the event's own request or answer.
    #[serde(default)]
    pub at: BTreeMap<Fault, CellOutcome>,
    pub why: String,
}

impl Manifest {
    /// An error where the manifest contradicts itself, too.
    pub fn load(folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join("lab.toml");
        let text = std::fs::read_to_string(&path).map_err(|source| ManifestError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let mut manifest: Self = toml::from_str(&text).map_err(|e| ManifestError::Malformed {
            path: path.clone(),
            reason: e.to_string().trim_end().to_owned(),
        })?;
        folder.clone_into(&mut manifest.folder);
        let problems = manifest.problems();
        if problems.is_empty() {
            Ok(manifest)
        } else {
            Err(ManifestError::Contradictory { path, problems })
        }
    }

    pub fn consumer(&self, name: &str) -> Result<&Consumer, ManifestError> {
        self.consumers
            .get(name)
            .ok_or_else(|| ManifestError::UnknownConsumer {
                lab: self.id.clone(),
                consumer: name.to_owned(),
                known: self
                    .consumers
                    .keys()
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }

    /// The broken one first, the fixed one last.
    #[must_use]
    pub fn lineup(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.consumers.keys().map(String::as_str).collect();
        names.sort_by_key(|name| match *name {
            "broken" => 0,
            "fixed" => 2,
            _ => 1,
        });
        names
    }

    pub fn schema_sql(&self) -> Result<String, ManifestError> {
        self.sql(&self.database.schema)
    }

    pub(crate) fn sql(&self, file: &Path) -> Result<String, ManifestError> {
        let path = self.folder.join(file);
        std::fs::read_to_string(&path).map_err(|source| ManifestError::Unreadable { path, source })
    }

    pub fn scenario(&self, name: &str) -> Result<&Scenario, ManifestError> {
        let names = || {
            self.scenarios
                .iter()
                .map(|s| s.name.clone())
                .collect::<Vec<_>>()
                .join(", ")
        };
        self.scenarios
            .iter()
            .find(|s| s.name == name)
            .ok_or_else(|| ManifestError::UnknownScenario {
                lab: self.id.clone(),
                scenario: name.to_owned(),
                known: names(),
            })
    }
}

#[cfg(test)]
mod tests;
