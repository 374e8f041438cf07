//! The manifest of a lab: `labs/NN-name/lab.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::chaos::{Edge, Fault};
use crate::report::explore::CellOutcome;
use crate::verdict::{Guarantee, Verdict};

mod storm;

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
}

/// The consumer's own tables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// A file beside the manifest that creates them.
    pub schema: PathBuf,
    /// A query for the ids of all payments that the consumer has recorded as done.
    pub recorded: String,
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

/// A lab that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is no such lab.
    #[error("there is no lab {lab:?} in {labs}; there are: {known}\nnext: crashwindow run {first}", labs = labs.display(), first = known.split(' ').next().unwrap_or("01"))]
    UnknownLab {
        /// What was asked for.
        lab: String,
        /// Where labs were looked for.
        labs: PathBuf,
        /// The labs there are, separated by spaces.
        known: String,
    },
    /// No folder of labs is to be found.
    #[error(
        "no folder `labs` was found here, above here, or above the program\nnext: run in the checkout, or say where they are: --labs DIR"
    )]
    NoLabs,
    /// The manifest cannot be read.
    #[error("{path} cannot be read: {source}\nnext: restore it, or name another lab", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The manifest is not TOML, or not a manifest.
    #[error("{path} is malformed: {reason}\nnext: mend that line; labs/01-select-then-act/lab.toml is an example", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What and where, in the parser's words.
        reason: String,
    },
    /// The manifest contradicts itself or its folder.
    #[error("{path} contradicts itself: {}\nnext: mend it and run again", problems.join("; "), path = path.display())]
    Contradictory {
        /// The file.
        path: PathBuf,
        /// Every contradiction.
        problems: Vec<String>,
    },
    /// The lab has no such consumer.
    #[error("lab {lab} has no consumer {consumer:?}; it has: {known}\nnext: crashwindow run {lab} --consumer {first}", first = known.split(", ").next().unwrap_or_default())]
    UnknownConsumer {
        /// The lab.
        lab: String,
        /// What was asked for.
        consumer: String,
        /// The consumers it has.
        known: String,
    },
    /// The lab has no such scenario.
    #[error("lab {lab} has no scenario {scenario:?}; it has: {known}\nnext: crashwindow run {lab} --scenario {first}", first = known.split(", ").next().unwrap_or_default())]
    UnknownScenario {
        /// The lab.
        lab: String,
        /// What was asked for.
        scenario: String,
        /// The scenarios it has.
        known: String,
    },
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

    /// The SQL that creates the consumer's tables.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn schema_sql(&self) -> Result<String, ManifestError> {
        let path = self.folder.join(&self.database.schema);
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

    /// Every contradiction, so that one reading mends them all.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |ok: bool, problem: String| {
            if !ok {
                problems.push(problem);
            }
        };
        check(
            self.schema == SCHEMA,
            format!("schema is {}, this program reads {SCHEMA}", self.schema),
        );
        let folder = format!("{}-{}", self.id, self.name);
        let named = self
            .folder
            .file_name()
            .is_some_and(|n| n == folder.as_str());
        check(
            named,
            format!("id and name make {folder:?}, which is not its folder's name"),
        );
        let w = &self.workload;
        check(w.payments > 0, "workload.payments is 0".into());
        check(w.instances > 0, "workload.instances is 0".into());
        check(
            w.partitions >= w.instances,
            format!(
                "{} instances share {} partitions: one would be idle",
                w.instances, w.partitions
            ),
        );
        check(!self.consumers.is_empty(), "there is no consumer".into());
        check(
            self.storm.is_some() || !self.scenarios.is_empty(),
            "there is no scenario".into(),
        );
        for file in self
            .consumers
            .values()
            .map(|c| &c.source)
            .chain([&self.database.schema])
            .chain(&self.database.statements)
        {
            check(
                self.folder.join(file).is_file(),
                format!("there is no file {}", file.display()),
            );
        }
        for consumer in self.explore.keys() {
            check(
                self.consumers.contains_key(consumer),
                format!("explore expects something of {consumer:?}, which is no consumer"),
            );
        }
        let mut names = std::collections::BTreeSet::new();
        for s in &self.scenarios {
            let name = &s.name;
            check(
                names.insert(name),
                format!("two scenarios are called {name:?}"),
            );
            check(s.strikes > 0, format!("scenario {name:?} strikes nothing"));
            check(
                s.strikes <= w.payments,
                format!(
                    "scenario {name:?} strikes {} of {} payments",
                    s.strikes, w.payments
                ),
            );
            for consumer in self.consumers.keys() {
                check(
                    s.expect.contains_key(consumer),
                    format!("scenario {name:?} expects nothing of consumer {consumer:?}"),
                );
            }
            for consumer in s.expect.keys() {
                check(
                    self.consumers.contains_key(consumer),
                    format!(
                        "scenario {name:?} expects something of {consumer:?}, which is no consumer"
                    ),
                );
            }
        }
        problems.extend(self.storm_problems());
        problems
    }
}

/// All labs in a folder, by id.
///
/// # Errors
/// When the folder or one of its manifests cannot be used.
pub fn all(labs: &Path) -> Result<Vec<Manifest>, ManifestError> {
    let unreadable = |source| ManifestError::Unreadable {
        path: labs.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(labs).map_err(unreadable)? {
        let folder = entry.map_err(unreadable)?.path();
        if folder.join("lab.toml").is_file() {
            found.push(Manifest::load(&folder)?);
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// The lab with this id (`01`, `1`) or name.
///
/// # Errors
/// When there is none, or its manifest cannot be used.
pub fn find(labs: &Path, lab: &str) -> Result<Manifest, ManifestError> {
    let unreadable = |source| ManifestError::Unreadable {
        path: labs.to_owned(),
        source,
    };
    let mut known = Vec::new();
    for entry in std::fs::read_dir(labs).map_err(unreadable)? {
        let folder = entry.map_err(unreadable)?.path();
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let (id, rest) = name.split_once('-').unwrap_or((&name, ""));
        if lab == name || lab == id || lab == rest || format!("{lab:0>2}") == id {
            return Manifest::load(&folder);
        }
        known.push(id.to_owned());
    }
    known.sort();
    let known = known.join(" ");
    Err(ManifestError::UnknownLab {
        lab: lab.to_owned(),
        labs: labs.to_owned(),
        known,
    })
}

/// The folder of labs: here, above here, or above the program.
///
/// # Errors
/// When there is none.
pub fn labs_folder() -> Result<PathBuf, ManifestError> {
    let here = std::env::current_dir().ok();
    let program = std::env::current_exe().ok();
    let above = here
        .iter()
        .chain(program.iter())
        .flat_map(|path| path.ancestors());
    let mut labs = above.map(|folder| folder.join("labs"));
    labs.find(|folder| folder.join("01-select-then-act/lab.toml").is_file())
        .ok_or(ManifestError::NoLabs)
}

#[cfg(test)]
mod tests;
