//! The programs of the consumers. They are other packages' programs, and what Cargo builds for a test is
//! only its own package's: a test that starts one, or lets the lab start one, builds them first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// The integration test that every package of consumers has: Cargo builds a package's programs for it.
/// With one of the lab's own beside it, the packages are those of any `cargo test`, and so nothing is
/// built once more with other features, nor is the program under test, which is running.
const TESTS: [&str; 2] = ["programs", "layout"];

/// How the variables begin that Cargo sets for a test.
const OF_A_TEST: [&str; 4] = ["CARGO_BIN_EXE_", "CARGO_MANIFEST_", "CARGO_PKG_", "OUT_DIR"];

/// The programs of the consumers by name, built of the sources as they are now.
///
/// # Panics
/// When they cannot be built.
#[track_caller]
pub fn built() -> &'static Programs {
    static BUILT: OnceLock<Result<Programs, String>> = OnceLock::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = Path::new(env!("CARGO_BIN_EXE_crashwindow"));
    let built = BUILT.get_or_init(|| Programs::build(root, beside));
    built.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

/// The program of this consumer, built of its sources as they are now.
///
/// # Panics
/// When it cannot be built, or no package has it.
#[must_use]
#[track_caller]
pub fn program(name: &str) -> &'static Path {
    built()
        .named(name)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Programs of a workspace, by name.
#[derive(Debug)]
pub struct Programs(BTreeMap<String, PathBuf>);

impl Programs {
    /// Builds the consumers of the workspace in `root` where the lab looks for them: beside its own
    /// program.
    ///
    /// # Errors
    /// When Cargo cannot build them, or puts them elsewhere: what, where, and the next command.
    pub fn build(root: &Path, beside: &Path) -> Result<Self, String> {
        let folder = beside.parent().expect("a program lies in a folder");
        let target = folder.parent().expect("the target folder");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(["test", "--quiet", "--no-run", "--message-format=json"])
            .args(TESTS.map(|test| format!("--test={test}")))
            .arg("--target-dir")
            .arg(target)
            .current_dir(root);
        // What Cargo tells a test of its package, build scripts take for theirs, and run anew.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if OF_A_TEST.iter().any(|start| name.starts_with(start)) {
                command.env_remove(&*name);
            }
        }
        // The folder has the profile's name, but for the default one's.
        match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => {}
            Some(profile) => drop(command.args(["--profile", profile])),
        }
        let failed = |why: &str| {
            format!(
                "the consumers of {} cannot be built: {why}\nnext: cargo build",
                root.display()
            )
        };
        let output = command.output().map_err(|e| failed(&e.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let reasons = said.lines().filter_map(rendered).collect::<String>();
            return Err(failed(
                &(reasons + &String::from_utf8_lossy(&output.stderr)),
            ));
        }
        let programs: BTreeMap<_, _> = said.lines().filter_map(executable).collect();
        match programs.values().find(|path| path.parent() != Some(folder)) {
            Some(elsewhere) => Err(failed(&format!(
                "{} is not in {}, where the lab looks for it",
                elsewhere.display(),
                folder.display()
            ))),
            None => Ok(Self(programs)),
        }
    }

    /// The program of this name.
    ///
    /// # Errors
    /// When no package has it.
    pub fn named(&self, name: &str) -> Result<&Path, String> {
        self.0.get(name).map(PathBuf::as_path).ok_or_else(|| {
            let known: Vec<_> = self.0.keys().map(String::as_str).collect();
            format!(
                "no package of consumers has a program {name:?}; there are: {}\n\
                 next: name it as a [[bin]] in the Cargo.toml of its package",
                known.join(" ")
            )
        })
    }
}

/// A program that a message of Cargo's tells of, with its name; none where it tells of anything else.
fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = &message["target"];
    let is_program = message["reason"] == "compiler-artifact"
        && target["kind"] == serde_json::json!(["bin"])
        && message["profile"]["test"] == false;
    let path = message["executable"].as_str().filter(|_| is_program)?;
    Some((target["name"].as_str()?.to_owned(), path.into()))
}

/// What a message of the compiler's says to a person.
fn rendered(message: &str) -> Option<String> {
    let message: Value = serde_json::from_str(message).ok()?;
    Some(message["message"]["rendered"].as_str()?.to_owned())
}
