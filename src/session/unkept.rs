//! What was executed and judged, before its report is kept.

use std::fmt::Display;

use serde::Serialize;

use super::folder::{FolderError, REPORT, RunFolder};

/// Its folder stays locked, and says that the run goes on, until it is told otherwise here: who
/// reads *judged* there finds a report.
#[derive(Debug)]
#[must_use = "its folder says that the run goes on"]
pub struct Unkept<T> {
    pub finished: T,
    folder: RunFolder,
}

impl<T> Unkept<T> {
    /// Of an error the folder says that there is no verdict.
    pub(crate) fn of<E: Display + From<FolderError>>(
        result: Result<T, E>,
        folder: RunFolder,
    ) -> Result<Self, E> {
        match result {
            Ok(finished) => Ok(Self { finished, folder }),
            Err(error) => {
                folder.give_up(&error)?;
                Err(error)
            }
        }
    }

    /// Writes the report, and only then that the run is judged; else the folder says that it is
    /// not.
    pub fn keep(&self, report: &impl Serialize) -> Result<(), FolderError> {
        self.folder.keep(REPORT, report)
    }

    /// Says in the folder why nobody will see a report.
    pub fn give_up(&self, reason: &impl Display) -> Result<(), FolderError> {
        self.folder.give_up(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::super::folder::{STATE, State, read};
    use super::*;

    fn unkept(runs: &std::path::Path) -> Unkept<()> {
        let folder = RunFolder::create(runs).expect("there is room");
        Unkept::of(Ok::<_, FolderError>(()), folder).expect("it is none of an error")
    }

    fn state(run: &Unkept<()>) -> State {
        read(&run.folder.path, STATE).expect("it says how far it has come")
    }

    #[test]
    fn a_run_is_judged_once_its_report_is_there() {
        let runs = tempfile::tempdir().expect("a folder");
        let run = unkept(runs.path());
        assert_eq!(state(&run), State::Running);
        run.keep(&"held").expect("there is room");
        let report: String = read(&run.folder.path, REPORT).expect("it was written");
        assert_eq!((state(&run), report.as_str()), (State::Judged, "held"));
    }

    #[test]
    fn a_run_whose_report_cannot_be_written_is_never_judged() {
        let runs = tempfile::tempdir().expect("a folder");
        let run = unkept(runs.path());
        std::fs::create_dir(run.folder.path.join(REPORT)).expect("there is room");
        let error = run.keep(&"held").expect_err("a folder is in its place");
        let reason = error.to_string();
        assert!(reason.contains(REPORT), "{reason}");
        assert_eq!(state(&run), State::Inconclusive { reason });
    }

    #[test]
    fn a_run_that_failed_or_was_given_up_says_why() {
        let runs = tempfile::tempdir().expect("a folder");
        let run = unkept(runs.path());
        run.give_up(&"nobody asked").expect("there is room");
        let reason = "nobody asked".to_owned();
        assert_eq!(state(&run), State::Inconclusive { reason });

        let folder = RunFolder::create(runs.path()).expect("there is room");
        let path = folder.path.clone();
        let source = std::io::Error::other("the disk is full");
        let failed = FolderError::Io {
            path: path.clone(),
            source,
        };
        let said = failed.to_string();
        let result = Unkept::<()>::of(Err(failed), folder);
        assert_eq!(result.expect_err("it failed").to_string(), said);
        let state: State = read(&path, STATE).expect("it says how far it has come");
        assert_eq!(state, State::Inconclusive { reason: said });
    }
}
