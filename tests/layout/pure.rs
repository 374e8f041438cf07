//! Which folders of `src` are pure: they do no I/O and know no boundary by name.

use std::path::Path;

use crate::layers::code_of;

/// The folders.
const PURE: [&str; 3] = ["event", "window", "verdict"];

/// What does I/O, waits for it, or is a boundary's name.
const FOREIGN: [&str; 11] = [
    "tokio::",
    // Names of several modules in one line would be read as none.
    "std::{",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "kafka",
    "postgres",
    "redis",
    "http",
];

/// What may be named all the same: by the end of the file's path, the word and the reason.
const LEFT: [(&str, &str, &str); 2] = [
    ("event/tap.rs", "kafka", LIST),
    ("event/tap.rs", "postgres", LIST),
];

const LIST: &str = "the list of the boundaries, by which an event is told and shown; nothing pure \
    decides by it";

/// A line's code without its comment. Two slashes within a text would hide what follows them, so a
/// text of pure code has none.
fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// What this file names and should not, with the number of the line.
fn foreign(path: &Path, code: &str) -> Vec<String> {
    let is_left = |word: &str| {
        let mut left = LEFT.iter();
        left.any(|(file, left, _)| path.ends_with(file) && *left == word)
    };
    let mut found = Vec::new();
    for (line, number) in code.lines().zip(1..) {
        let line = without_comment(line).to_lowercase();
        let named = FOREIGN.iter().filter(|word| line.contains(**word));
        let named = named.filter(|word| !is_left(word));
        found.extend(named.map(|word| format!("{}:{number} names {word}", path.display())));
    }
    found
}

#[test]
fn what_is_pure_does_no_io_and_knows_no_boundary_by_name() {
    for folder in PURE {
        let files = code_of(folder);
        assert!(files.len() > 3, "{folder} has no files");
        let found = files.iter().flat_map(|(path, code)| foreign(path, code));
        let found: Vec<String> = found.collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn what_is_left_is_there_and_needs_its_reason() {
    for (file, word, reason) in LEFT {
        let (folder, _) = file.split_once('/').unwrap();
        let mut files = code_of(folder).into_iter();
        let (_, code) = files.find(|(path, _)| path.ends_with(file)).expect(file);
        let mut lines = code.lines().map(without_comment);
        let is_named = lines.any(|line| line.to_lowercase().contains(word));
        assert!(is_named, "{file} no longer names {word}: take it out");
        assert!(!reason.is_empty());
    }
}

#[test]
fn io_and_a_boundarys_name_are_found_in_code_and_not_in_comments() {
    let planted = "\
        /// Kafka's own, in std::fs\n\
        use tokio::sync::Notify;\n\
        let text = std::fs::read_to_string(path)?;\n\
        if event.tap == Tap::Kafka {} // not in Postgres\n\
        fn over_http() {}\n";
    let expected = [
        "src/window/planted.rs:2 names tokio::",
        "src/window/planted.rs:3 names std::fs",
        "src/window/planted.rs:4 names kafka",
        "src/window/planted.rs:5 names http",
    ];
    assert_eq!(
        foreign(Path::new("src/window/planted.rs"), planted),
        expected
    );
    let list = "pub enum Tap { Kafka, Redis }";
    let found = foreign(Path::new("src/event/tap.rs"), list);
    assert_eq!(found, ["src/event/tap.rs:1 names redis"]);
}
