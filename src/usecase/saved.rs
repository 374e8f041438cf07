//! As a run's folder has it, checked before anything is started: a file may have been edited, cut
//! short, or written by another version.

use std::fmt;
use std::path::Path;

use crate::run::Spec;
use crate::session::folder::{self, FolderError, SPEC, STORM};
use crate::storm::StormSpec;

/// An error also where the file says what cannot be executed.
pub fn run(folder: &Path) -> Result<Spec, FolderError> {
    let spec: Spec = folder::read(folder, SPEC)?;
    let unfit = unfit(folder, SPEC);
    if spec.command.is_empty() {
        return Err(unfit(&"its command is empty"));
    }
    if let Some(problem) = spec.provider.problems().first() {
        return Err(unfit(problem));
    }
    let schedule = spec.schedule.checked().map_err(|e| unfit(&e))?;
    Ok(Spec { schedule, ..spec })
}

/// As for [`run`].
pub fn storm(folder: &Path) -> Result<StormSpec, FolderError> {
    let spec: StormSpec = folder::read(folder, STORM)?;
    let unfit = unfit(folder, STORM);
    let plan = spec.plan.checked().map_err(|e| unfit(&e))?;
    Ok(StormSpec { plan, ..spec })
}

fn unfit(folder: &Path, file: &str) -> impl Fn(&dyn fmt::Display) -> FolderError + use<> {
    let path = folder.join(file);
    move |reason| FolderError::Malformed {
        path: path.clone(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::*;
    use crate::chaos::storm::{Cause, StormParameters};
    use crate::chaos::{Fault, Schedule};
    use crate::run::manifest::{self, Manifest};
    use crate::window::{Edge, Window};

    fn lab(id: &str) -> Manifest {
        let labs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("labs");
        manifest::find(&labs, id).expect("one of ours")
    }

    fn saved_run() -> Value {
        let command = vec!["consumer".to_owned()];
        let window = Window::first("COMMIT", Edge::After);
        let schedule = Schedule::plan(7, 10, 4, 2, 1, Some((Fault::Kill, window)));
        let spec = Spec::of_command("mine", command, String::new(), None);
        serde_json::to_value(Spec {
            schedule: schedule.expect("it can be planned"),
            ..spec
        })
        .unwrap()
    }

    fn saved_storm() -> Value {
        let parameters = StormParameters {
            cause: Cause::Rebalances,
            seconds: 50,
            rate: 100,
            partitions: 8,
            instances: 4,
            commit_interval_ms: 2_000,
            brokers: 0,
        };
        let lab = lab("04");
        let storm = lab.storm.expect("lab 4 is a storm");
        serde_json::to_value(StormSpec {
            lab: lab.id,
            lab_name: lab.name,
            consumer: storm.consumer,
            command: vec!["consumer".to_owned()],
            release: vec!["consumer".to_owned()],
            cwd: PathBuf::from("."),
            guarantee: lab.guarantee,
            expected: None,
            database_schema: String::new(),
            checks: storm.checks,
            check_sql: String::new(),
            ledger: storm.ledger,
            commit_interval_ms: 2_000,
            max_poll_interval_ms: 10_000,
            join_ms: 30_000,
            brokers: Vec::new(),
            plan: parameters.plan(7).expect("it can be planned"),
        })
        .unwrap()
    }

    fn told<T>(file: &str, text: &str, read: fn(&Path) -> Result<T, FolderError>) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file), text).unwrap();
        let Err(error) = read(folder.path()) else {
            panic!("it was taken: {text}");
        };
        let said = error.to_string();
        let path = folder.path().join(file).display().to_string();
        assert!(said.contains(&path) && said.contains("\nnext: "), "{said}");
        said
    }

    #[test]
    fn what_a_run_saves_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        folder::write(folder.path(), SPEC, &saved_run()).unwrap();
        folder::write(folder.path(), STORM, &saved_storm()).unwrap();
        run(folder.path()).expect("it is whole");
        storm(folder.path()).expect("it is whole");
    }

    #[test]
    fn a_run_that_was_edited_or_cut_short_is_refused() {
        for (at, value, words) in [
            (
                "/schedule/rounds/0/strike/fault",
                json!("flood"),
                "no fault \"flood\"",
            ),
            ("/schedule/instances", json!(0), "no instance"),
            ("/schedule/payments", json!(12), "payment 11"),
            ("/schedule/rounds/0/first", json!(2), "payment 1"),
            ("/command", json!([]), "its command is empty"),
            (
                "/provider/clock_speed",
                json!(0),
                "provider.clock_speed is 0",
            ),
        ] {
            let mut edited = saved_run();
            *edited.pointer_mut(at).expect(at) = value;
            let said = told(SPEC, &edited.to_string(), run);
            assert!(said.contains(words), "no {words:?} in: {said}");
        }
        let whole = saved_run().to_string();
        told(SPEC, &whole[..whole.len() / 2], run);
        told(SPEC, "", run);
    }

    #[test]
    fn a_storm_that_was_edited_or_cut_short_is_refused() {
        for (at, value, words) in [
            ("/plan/strikes/0/slot", json!(99), "strikes place 99 of 4"),
            ("/plan/strikes/0/blow", json!("flood"), "\"flood\""),
            ("/plan/instances", json!(64), "number of instances is 64"),
        ] {
            let mut edited = saved_storm();
            *edited.pointer_mut(at).expect(at) = value;
            let said = told(STORM, &edited.to_string(), storm);
            assert!(said.contains(words), "no {words:?} in: {said}");
        }
        let whole = saved_storm().to_string();
        told(STORM, &whole[..whole.len() / 2], storm);
    }

    #[test]
    fn a_folder_without_the_file_is_told_and_not_called_full() {
        let folder = tempfile::tempdir().unwrap();
        let said = run(folder.path()).unwrap_err().to_string();
        assert!(said.contains("spec.json cannot be read"), "{said}");
        assert!(said.contains("next: name another run"), "{said}");
    }
}
