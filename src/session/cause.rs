//! Why a consumer does not do its work, in its own words: from the beginning of its log, because
//! what comes last is often what follows from it.

use std::path::{Path, PathBuf};

use crate::timeline::Timeline;

const NAMES: [&str; 5] = ["error", "exception", "fatal", "panic", "caused by"];

/// Lines in an error message.
const SHOWN: usize = 5;

/// Characters of a line in it.
const LINE: usize = 300;

/// What the log says first of a cause, and what the taps refused, which a client need not tell.
pub(crate) fn of(log: &Path, timeline: &Timeline) -> String {
    let refusals = timeline.refusals();
    let refused = refusals.iter().map(|refusal| format!("\n{refusal}"));
    first_words(log) + &refused.collect::<String>()
}

pub(crate) fn first_words(log: &Path) -> String {
    let text = read(log);
    let told: Vec<&str> = told(&text).collect();
    let from = told.iter().position(|line| names_cause(line)).unwrap_or(0);
    let shown: Vec<String> = told[from..].iter().take(SHOWN).map(|l| shown(l)).collect();
    if shown.is_empty() {
        return "  (it wrote nothing)".to_owned();
    }
    shown.join("\n")
}

pub(crate) fn named_in(logs: &Path) -> Option<(PathBuf, String)> {
    let entries = std::fs::read_dir(logs).ok()?.flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().find_map(|path| {
        let text = read(&path);
        let line = told(&text).find(|line| names_cause(line))?;
        let line = shown(line).trim_start().to_owned();
        Some((path, line))
    })
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned()
}

/// Without the frames of a Java stack, which tell a reader nothing.
fn told(text: &str) -> impl Iterator<Item = &str> {
    let is_frame = |line: &&str| {
        let inner = line.trim_start();
        inner.len() < line.len() && inner.starts_with("at ")
    };
    text.lines().filter(move |line| !is_frame(line))
}

fn names_cause(line: &str) -> bool {
    let line = line.to_lowercase();
    NAMES.iter().any(|name| line.contains(name))
}

fn shown(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("  {}…", &line[..end]),
        None => format!("  {line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("a-1.log");
        std::fs::write(&log, text).expect("there is room");
        (folder, log)
    }

    #[test]
    fn the_first_line_that_names_a_cause_comes_before_what_follows_from_it() {
        let (folder, log) = written(
            "starting\nconnecting\nERROR no such host: db\n\tat worker.Main.main(Main.java:7)\n\
             retrying\none\ntwo\nthree\nfour\nshut down\n",
        );
        assert_eq!(
            first_words(&log),
            "  ERROR no such host: db\n  retrying\n  one\n  two\n  three"
        );
        let named = named_in(folder.path());
        assert_eq!(named, Some((log, "ERROR no such host: db".to_owned())));
    }

    #[test]
    fn where_no_line_names_a_cause_the_first_ones_are_shown() {
        let (folder, log) = written("1\n2\n3\n4\n5\n6\n");
        assert_eq!(first_words(&log), "  1\n  2\n  3\n  4\n  5");
        assert_eq!(named_in(folder.path()), None);
        assert_eq!(
            first_words(&folder.path().join("none")),
            "  (it wrote nothing)"
        );
        let (_folder, log) = written(&"ä".repeat(400));
        assert_eq!(first_words(&log).chars().count(), 2 + LINE + 1);
    }
}
