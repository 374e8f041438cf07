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

/// The version of the manifest's form that this program reads.
const SCHEMA: u32 = 1;

/// A lab, as its manifest declares it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the manifest's form.
    pub schema: u32,
    /// Two digits, with which the folder's name begins.
    pub id: String,
    /// The rest of the folder's name.
    pub name: String,
    /// What the lab is called.
    pub title: String,
    /// What the attendee is asked before anything runs.
    pub question: String,
    /// What every consumer of the lab is held to.
    pub guarantee: Guarantee,
    /// What is produced and who consumes it.
    pub workload: Workload,
    /// The consumer's own tables.
    pub database: Database,
    /// What the customer feels; a charge, where nothing is said.
    #[serde(default)]
    pub effects: Effects,
    /// How the payment provider behaves; as Stripe does, where nothing is said.
    #[serde(default)]
    pub provider: Provider,
    /// The consumers, by the name used on the command line.
    pub consumers: BTreeMap<String, Consumer>,
    /// What is done to them in a window; a lab may have a storm instead.
    #[serde(default)]
    pub scenarios: Vec<Scenario>,
    /// What is done to a loaded group of them.
    #[serde(default)]
    pub storm: Option<StormSection>,
    /// What an exploration of each consumer must find: a row for each of its boundary events.
    #[serde(default)]
    pub explore: BTreeMap<String, Vec<ExploreRow>>,
    /// The lab's folder.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// What is produced and who consumes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// How many payments.
    pub payments: u32,
    /// Over how many partitions.
    pub partitions: u32,
    /// How many instances share the group.
    pub instances: u32,
    /// Seconds that a payment gets before it is called lost, half-done or unfinished; the program's
    /// default is meant for workers that recover on timers of their own.
    pub patience: Option<u64>,
}

/// What the customer feels, and how it is counted from outside the consumer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effects {
    /// Where it is counted.
    pub source: EffectSource,
    /// What was done to the payment when it has happened once, in words: `charged`.
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

/// The consumer's own tables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// A file beside the manifest that creates them. The setting `crashwindow.payments` is the
    /// number of payments of the run, for tables that must have a row for each, and `crashwindow.run`
    /// is the word behind the dash at the end of its ids.
    pub schema: PathBuf,
    /// A query for the ids of all payments that the consumer has recorded as done.
    #[serde(rename = "recorded")]
    pub processed_ids: String,
    /// Files with the statements that the consumers include, where they are too long for a line.
    #[serde(default)]
    pub statements: Vec<PathBuf>,
}

/// One consumer of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// Its program: a name beside `crashwindow`, or a path from the lab's folder (`./consumer.py`).
    pub bin: String,
    /// The file to read, beside the manifest.
    pub source: PathBuf,
    /// What it does, in one line.
    pub about: String,
}

/// One thing that is done to every consumer of the lab.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: String,
    /// The fault.
    pub fault: Fault,
    /// The signature of the boundary event at the window's edge.
    pub at: String,
    /// On which side of the event.
    pub edge: Edge,
    /// How many payments are struck.
    pub strikes: u32,
    /// How many hours of the provider's pass between the strike and the redelivery: the payment
    /// waits meanwhile, in a dead-letter topic or behind an outage.
    pub wait_hours: Option<u32>,
    /// The verdict that each consumer must get.
    pub expect: BTreeMap<String, Verdict>,
    /// Why.
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
    /// By fault: done to the event's own request or answer.
    #[serde(default)]
    pub at: BTreeMap<Fault, CellOutcome>,
    /// Why.
    pub why: String,
}

impl Manifest {
    /// Reads and checks the manifest in a lab's folder.
    ///
    /// # Errors
    /// When it cannot be read, is malformed or contradicts itself.
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

    /// The consumer of that name.
    ///
    /// # Errors
    /// When there is none of that name.
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

    /// The names of the consumers as they are told: the broken one first, the fixed one last.
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

    /// The SQL that creates the consumer's tables.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn schema_sql(&self) -> Result<String, ManifestError> {
        self.sql(&self.database.schema)
    }

    /// What a file of the lab's folder holds.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn sql(&self, file: &Path) -> Result<String, ManifestError> {
        let path = self.folder.join(file);
        std::fs::read_to_string(&path).map_err(|source| ManifestError::Unreadable { path, source })
    }

    /// The scenario of that name.
    ///
    /// # Errors
    /// When there is none of that name.
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
