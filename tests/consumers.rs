//! No test runs with a consumer that is older than its sources, or that is not there.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::consumers::{self, Programs};

/// A workspace like ours with one consumer, which says a word.
struct Workspace {
    root: tempfile::TempDir,
}

impl Workspace {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let workspace = Self { root };
        workspace.write(
            "Cargo.toml",
            "[workspace]\nmembers = [\"labs\"]\ndefault-members = [\".\", \"labs\"]\n\
             [package]\nname = \"lab\"\nedition = \"2024\"\n",
        );
        workspace.write("src/lib.rs", "");
        workspace.write("tests/layout.rs", "");
        workspace.write(
            "labs/Cargo.toml",
            "[package]\nname = \"labs\"\nedition = \"2024\"\n[[bin]]\nname = \"talker\"\npath = \"src/main.rs\"\n",
        );
        workspace.write("labs/tests/programs.rs", "#[test]\nfn it_is_built() {}\n");
        workspace
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    /// Lets the consumer say this word from now on.
    fn says(&self, word: &str) {
        let main = format!("fn main() {{ println!(\"{word}\"); }}\n");
        self.write("labs/src/main.rs", &main);
    }

    /// Where the lab's program would be.
    fn lab(&self) -> PathBuf {
        self.root.path().join("target/debug/crashwindow")
    }

    fn build(&self) -> Result<Programs, String> {
        Programs::build(self.root.path(), &self.lab())
    }
}

fn said_by(program: &Path) -> String {
    let output = Command::new(program).output().expect("it starts");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_consumer_is_built_where_the_lab_looks_and_anew_when_its_source_has_changed() {
    let workspace = Workspace::new();
    for word in ["first", "second"] {
        workspace.says(word);
        let programs = workspace.build().expect("it is built");
        let talker = programs.named("talker").expect("it is there");
        assert_eq!(talker, workspace.lab().with_file_name("talker"));
        assert_eq!(said_by(talker), format!("{word}\n"));
    }
}

#[test]
fn a_consumer_that_is_not_there_is_built() {
    let workspace = Workspace::new();
    workspace.says("here");
    let talker = workspace.lab().with_file_name("talker");
    for _ in 0..2 {
        let programs = workspace.build().expect("it is built");
        assert_eq!(said_by(programs.named("talker").unwrap()), "here\n");
        std::fs::remove_file(&talker).expect("it was there");
    }
}

#[test]
fn a_program_that_no_package_has_is_named_even_where_an_old_one_lies() {
    let workspace = Workspace::new();
    workspace.says("here");
    workspace.build().expect("it is built");
    std::fs::write(workspace.lab().with_file_name("renamed"), "old").unwrap();
    let error = workspace.build().unwrap().named("renamed").unwrap_err();
    for words in ["\"renamed\"", "there are: talker", "\nnext: "] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_consumer_that_does_not_compile_is_told_with_its_error() {
    let workspace = Workspace::new();
    workspace.says("here");
    workspace.build().expect("it is built");
    workspace.write("labs/src/main.rs", "fn main() { no_such_thing() }\n");
    let error = workspace.build().unwrap_err();
    for words in ["no_such_thing", "src/main.rs", "\nnext: cargo build"] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn every_consumer_of_this_workspace_is_built() {
    for name in ["lab-01-broken", "zoo-slow-act", "bad-habits"] {
        assert!(consumers::program(name).is_file(), "{name}");
    }
}
