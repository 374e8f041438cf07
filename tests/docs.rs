//! The documents show only commands that work: every command in a `sh` block is run as it stands,
//! and every example of a `--help` text is understood.

mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crashwindow::run::manifest;

use support::{CRASHWINDOW, command};

/// What CI runs itself, because it cannot be run from within a test.
const RUN_BY_CI: [&str; 4] = ["make lab-up", "make lab-down", "make test", "make check"];

/// More answers than all labs have questions.
const ANSWERS: usize = 100;

/// The commands that have examples.
const COMMANDS: [&str; 14] = [
    "lab", "run", "explore", "replay", "compare", "provider", "quiz", "up", "down", "status",
    "doctor", "storm", "drill", "metrics",
];

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let labs = manifest::all(&support::labs()).expect("every lab's manifest can be used");
    let guides = labs.into_iter().map(|lab| lab.folder.join("README.md"));
    guides
        .chain(["README.md", "CONTRIBUTING.md", "docs/explore.md"].map(|name| root.join(name)))
        .collect()
}

/// The lines of the `sh` blocks.
fn commands_in(document: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(document).expect("the document is there");
    let mut commands = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside && language == "sh";
        } else if inside && !line.trim().is_empty() {
            let command = line.split(" # ").next().unwrap_or_default().trim();
            commands.push(command.to_owned());
        }
    }
    commands
}

/// The words of a line, of which one in double quotes may have spaces.
fn words_of(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (part, text) in line.split('"').enumerate() {
        match part % 2 {
            0 => words.extend(text.split_whitespace().map(str::to_owned)),
            _ => words.push(text.to_owned()),
        }
    }
    words
}

/// What the README's `export PATH=` makes of it.
fn path_with_the_programs() -> OsString {
    let programs = Path::new(CRASHWINDOW).parent().expect("it is in a folder");
    let known = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&known));
    std::env::join_paths(all).expect("no folder has a colon in its name")
}

#[test]
fn a_word_in_quotes_is_one_word() {
    let words = words_of("explore --recorded \"SELECT id FROM t\" -- CMD");
    assert_eq!(
        words,
        ["explore", "--recorded", "SELECT id FROM t", "--", "CMD"]
    );
}

#[test]
fn every_command_in_the_documents_works() {
    // `--replay runs/0001` and its like need a run to be there.
    let first = support::report(&["run", "01", "--payments", "20", "--strikes", "1"]).unwrap();
    let home = tempfile::tempdir().expect("a temporary folder");
    let answers = home.path().join("answers");
    std::fs::write(&answers, "a\n".repeat(ANSWERS)).unwrap();
    let mut ran = 0;
    for document in documents() {
        for line in commands_in(&document) {
            if RUN_BY_CI.contains(&line.as_str()) || line.starts_with("export PATH=") {
                continue;
            }
            let place = format!("{}: {line}", document.display());
            let words: Vec<String> = words_of(&line)
                .into_iter()
                .map(|w| match w.starts_with("runs/") {
                    true => format!("runs/{}", first.run),
                    false => w,
                })
                .collect();
            let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
            let output = match words[0].as_str() {
                // tests/storm runs them, with less time: four storms of an attendee's length are six
                // minutes. Here they must be understood.
                "crashwindow" if matches!(arguments[0], "storm" | "drill") => {
                    command(&[&arguments[..], &["--help"]].concat())
                        .output()
                        .unwrap()
                }
                "crashwindow" => command(&arguments)
                    .stdin(std::fs::File::open(&answers).unwrap())
                    .env("XDG_DATA_HOME", home.path())
                    .env("PATH", path_with_the_programs())
                    .output()
                    .unwrap(),
                "diff" => {
                    let mut diff = std::process::Command::new("diff");
                    diff.args(&arguments)
                        .current_dir(env!("CARGO_MANIFEST_DIR"))
                        .output()
                        .unwrap()
                }
                _ => panic!("{place}: no test can run this"),
            };
            // 1 is a verdict or a difference, and the documents are full of both; 2 is an error.
            let code = output.status.code();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(code, Some(0 | 1)), "{place}: {code:?}\n{error}");
            assert!(!output.stdout.is_empty(), "{place}: printed nothing");
            ran += 1;
        }
    }
    assert!(ran >= 5, "only {ran} commands were found in the documents");
}

#[test]
fn every_example_in_the_help_is_understood() {
    let mut checked = 0;
    for name in COMMANDS {
        let help = std::process::Command::new(CRASHWINDOW)
            .args([name, "--help"])
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let examples = help
            .lines()
            .filter_map(|l| l.trim().strip_prefix("Example: crashwindow "));
        let examples: Vec<&str> = examples.collect();
        assert!(
            !examples.is_empty(),
            "`{name} --help` has no example:\n{help}"
        );
        for example in examples {
            // Flags before `--help` are checked; nothing is done.
            let words: Vec<&str> = example.split_whitespace().collect();
            // What follows `--` is a consumer's command, and so would `--help` be there.
            let own = words.iter().position(|word| *word == "--");
            let own = &words[..own.unwrap_or(words.len())];
            let arguments = own.iter().copied().chain(["--help"]);
            let output = std::process::Command::new(CRASHWINDOW)
                .args(arguments)
                .output()
                .unwrap();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "crashwindow {example}: {error}");
            checked += 1;
        }
    }
    assert!(checked >= COMMANDS.len());
}

#[test]
fn an_example_with_a_flag_that_is_not_there_would_be_noticed() {
    let arguments = ["run", "01", "--no-such-flag", "--help"];
    let output = std::process::Command::new(CRASHWINDOW)
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}
