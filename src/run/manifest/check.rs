//! Contradictions in a manifest, found before anything runs.

use std::collections::BTreeSet;

use super::{Manifest, SCHEMA, Scenario};
use crate::chaos::Fault;
use crate::effects::{EffectSource, SqlEffects};

/// So that one reading mends it all.
struct Problems(Vec<String>);

impl Problems {
    fn unless(&mut self, ok: bool, problem: impl FnOnce() -> String) {
        if !ok {
            self.0.push(problem());
        }
    }
}

impl Manifest {
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Problems(Vec::new());
        self.check_names(&mut problems);
        self.check_workload(&mut problems);
        self.check_effects(&mut problems);
        problems.0.extend(self.provider.problems());
        let mut names = BTreeSet::new();
        for scenario in &self.scenarios {
            let name = &scenario.name;
            problems.unless(names.insert(name), || {
                format!("two scenarios are called {name:?}")
            });
            self.check_scenario(scenario, &mut problems);
        }
        problems.0.extend(self.storm_problems());
        problems.0
    }

    fn check_names(&self, problems: &mut Problems) {
        problems.unless(self.schema == SCHEMA, || {
            format!("schema is {}, this program reads {SCHEMA}", self.schema)
        });
        let folder = format!("{}-{}", self.id, self.name);
        let named = self.folder.file_name();
        problems.unless(named.is_some_and(|n| n == folder.as_str()), || {
            format!("id and name make {folder:?}, which is not its folder's name")
        });
        let sources = self.consumers.values().map(|c| &c.source);
        let tables = [&self.database.schema].into_iter();
        for file in sources.chain(tables.chain(&self.database.statements)) {
            problems.unless(self.folder.join(file).is_file(), || {
                format!("there is no file {}", file.display())
            });
        }
        for consumer in self.explore.keys() {
            problems.unless(self.consumers.contains_key(consumer), || {
                format!("explore expects something of {consumer:?}, which is no consumer")
            });
        }
    }

    fn check_workload(&self, problems: &mut Problems) {
        let w = &self.workload;
        problems.unless(w.payments > 0, || "workload.payments is 0".into());
        problems.unless(w.instances > 0, || "workload.instances is 0".into());
        problems.unless(w.partitions >= w.instances, || {
            format!(
                "{} instances share {} partitions: one would be idle",
                w.instances, w.partitions
            )
        });
        problems.unless(!self.consumers.is_empty(), || "there is no consumer".into());
        problems.unless(self.storm.is_some() || !self.scenarios.is_empty(), || {
            "there is no scenario".into()
        });
    }

    fn check_effects(&self, problems: &mut Problems) {
        let effects = &self.effects;
        if let EffectSource::Sql { query } = &effects.source
            && let Err(e) = query.parse::<SqlEffects>()
        {
            problems
                .0
                .push(format!("effects.source.query is no source: {e}"));
        }
        problems.unless(!effects.effect_verb.trim().is_empty(), || {
            "effects.done is empty; it says what was done to a payment, as \"charged\"".into()
        });
    }

    fn check_scenario(&self, s: &Scenario, problems: &mut Problems) {
        let (name, payments) = (&s.name, self.workload.payments);
        problems.unless(s.strikes > 0, || {
            format!("scenario {name:?} strikes nothing")
        });
        problems.unless(s.strikes <= payments, || {
            format!(
                "scenario {name:?} strikes {} of {payments} payments",
                s.strikes
            )
        });
        problems.unless(s.wait_hours.is_none() || s.fault.can_wait(), || {
            let can_wait = Fault::ALL.into_iter().filter(|fault| fault.can_wait());
            let can_wait: Vec<&str> = can_wait.map(Fault::name).collect();
            format!(
                "scenario {name:?} waits after the fault {}; a payment waits only after: {}",
                s.fault,
                can_wait.join(", ")
            )
        });
        problems.unless(s.wait_hours != Some(0), || {
            format!("scenario {name:?} waits for 0 hours: leave wait_hours out")
        });
        for consumer in self.consumers.keys() {
            problems.unless(s.expect.contains_key(consumer), || {
                format!("scenario {name:?} expects nothing of consumer {consumer:?}")
            });
        }
        for consumer in s.expect.keys() {
            problems.unless(self.consumers.contains_key(consumer), || {
                format!("scenario {name:?} expects something of {consumer:?}, which is no consumer")
            });
        }
    }
}
