//! A lab that `make new-lab` has made works at once: in a copy of this checkout, its programs are
//! built, `make check` finds nothing wrong with its folder, and its scenarios have their verdicts.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crashwindow::report::RunReport;
use crashwindow::verdict::Verdict;

use support::{CRASHWINDOW, stack_name};

/// What a copy does without: what is built, what is recorded, and what examples have installed.
const LEFT_OUT: [&str; 3] = ["target", ".git", "examples"];

/// A copy of this checkout, with everything built that does not depend on where it lies.
struct Copy {
    root: tempfile::TempDir,
}

impl Copy {
    fn new() -> Self {
        // Beside the build, so that its files can be linked instead of copied.
        let built = Path::new(CRASHWINDOW)
            .parent()
            .expect("it lies in a folder");
        let beside = built.parent().expect("the target folder");
        let root = tempfile::tempdir_in(beside).expect("a temporary folder");
        let copy = Self { root };
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(checkout).unwrap().flatten() {
            if !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                run("cp", &["-R", text(&entry.path()), text(copy.path())]);
            }
        }
        let target = copy.path().join("target/debug");
        std::fs::create_dir_all(&target).unwrap();
        for part in ["deps", "build", ".fingerprint"] {
            run("cp", &["-Rl", text(&built.join(part)), text(&target)]);
        }
        copy
    }

    fn path(&self) -> &Path {
        self.root.path()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path())
            .env("CARGO_TARGET_DIR", self.path().join("target"))
            .env("CRASHWINDOW_STACK", stack_name());
        command.output().expect("the program starts")
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).status();
    assert!(
        done.expect("it starts").success(),
        "{program} {arguments:?}"
    );
}

#[track_caller]
fn succeeded(what: &str, output: &Output) {
    let said = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy);
    assert!(output.status.success(), "{what}: {}\n{}", said[0], said[1]);
}

#[test]
fn a_new_lab_is_built_checked_and_run() {
    let copy = Copy::new();
    let made = copy.command("make", &["-s", "new-lab", "NAME=outbox-relay"]);
    succeeded("make new-lab", &made);
    let said = String::from_utf8(made.stdout).unwrap();
    let id = said.split("crashwindow lab ").nth(1).expect("what is next");
    let id = id.trim();
    assert!(copy.path().join(format!("labs/{id}-outbox-relay")).is_dir());

    let build = ["build", "--quiet", "--bin", "crashwindow"].map(str::to_owned);
    let programs = ["broken", "fixed"].map(|c| ["--bin".to_owned(), format!("lab-{id}-{c}")]);
    let build: Vec<String> = build.into_iter().chain(programs.concat()).collect();
    let build: Vec<&str> = build.iter().map(String::as_str).collect();
    succeeded("cargo build", &copy.command("cargo", &build));
    let check = copy.command("cargo", &["test", "--quiet", "--test", "layout"]);
    succeeded("what make check says of the folders", &check);

    let program: PathBuf = copy.path().join("target/debug/crashwindow");
    for (consumer, expected) in [("broken", Verdict::Violated), ("fixed", Verdict::Held)] {
        let short = ["--payments", "20", "--strikes", "1", "--json"];
        let arguments = [&["run", id, "--consumer", consumer][..], &short].concat();
        let output = copy.command(text(&program), &arguments);
        let report: RunReport = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(report.verdict, expected, "{}", report.sentence());
        assert_eq!(report.lab_name, "outbox-relay");
    }

    let again = copy.command("make", &["-s", "new-lab", "NAME=outbox-relay"]);
    let error = String::from_utf8(again.stderr).unwrap();
    assert!(
        !again.status.success() && error.contains("there is a lab of that name"),
        "{error}"
    );
}

#[test]
fn a_name_that_is_none_is_refused() {
    for name in ["", "Outbox", "out box", "-x", "x/y"] {
        let output = Command::new("scripts/new-lab.sh")
            .arg(name)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name:?}");
        assert!(error.contains("next: make new-lab NAME="), "{error}");
    }
}
