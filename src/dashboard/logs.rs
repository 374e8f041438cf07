//! What the instances of a storm log, as somebody on call would follow it. Read from the files that
//! the run keeps, so that no instance waits for a page; what is more than a person can read is only
//! counted.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::watch::JobWatcher;
use super::wire::live::LogLine;
use crate::drill;

/// As fast as a person reads.
const EVERY: Duration = Duration::from_millis(500);

/// Bytes of a file.
const AT_ONCE: u64 = 64 * 1024;

const MOST_LINES: usize = 10;
const MOST_CHARACTERS: usize = 300;

pub(super) async fn tell_for_ever(watch: &JobWatcher, runs: &Path) -> Infallible {
    let mut tail = Tail::default();
    loop {
        tokio::time::sleep(EVERY).await;
        let (run, at_ms) = watch.place();
        if run.is_empty() {
            continue;
        }
        let folder = runs.join(run).join("logs");
        let mut reading = std::mem::take(&mut tail);
        // The run does not wait for the disk.
        let read = tokio::task::spawn_blocking(move || {
            let lines = reading.fresh(&folder);
            (reading, lines)
        });
        let lines;
        (tail, lines) = read.await.expect("reading does not panic");
        // What cannot be read now can be read from the run's folder later.
        for (instance, line) in lines.unwrap_or_default() {
            watch.live.tell(&LogLine {
                at_ms,
                instance,
                line,
            });
        }
    }
}

/// Bytes that were read, by file.
#[derive(Default)]
struct Tail(BTreeMap<PathBuf, u64>);

impl Tail {
    fn fresh(&mut self, folder: &Path) -> io::Result<Vec<(String, String)>> {
        let mut told = Vec::new();
        let mut files: Vec<PathBuf> = fs::read_dir(folder)?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.sort_unstable();
        for file in files {
            // `a-2.log`: the second process of instance a.
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let Some((instance, _)) = name.rsplit_once('-') else {
                continue;
            };
            let instance = instance.to_owned();
            let from = self.0.entry(file.clone()).or_default();
            let text = whole_lines(&file, from)?;
            let lines: Vec<&str> = text.lines().filter(|l| drill::is_message(l)).collect();
            let shown = lines.iter().take(MOST_LINES).map(|line| cut(line));
            told.extend(shown.map(|line| (instance.clone(), line)));
            if lines.len() > MOST_LINES {
                let more = format!("… and {} lines more", lines.len() - MOST_LINES);
                told.push((instance, more));
            }
        }
        Ok(told)
    }
}

fn whole_lines(file: &Path, from: &mut u64) -> io::Result<String> {
    let mut open = File::open(file)?;
    open.seek(SeekFrom::Start(*from))?;
    let mut bytes = Vec::new();
    open.take(AT_ONCE).read_to_end(&mut bytes)?;
    match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => bytes.truncate(end + 1),
        // A line that is not over waits; one that is longer than what is read at once never would
        // be.
        None if bytes.len() as u64 == AT_ONCE => {}
        None => bytes.clear(),
    }
    *from += bytes.len() as u64;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LINE: &str =
        "2026-11-25T04:43:24.2Z  INFO crashwindow_labs::metrics: rebalance: lost [2]";

    #[test]
    fn each_line_is_told_once_and_whole() {
        let home = tempfile::tempdir().unwrap();
        let mut log = File::create(home.path().join("a-1.log")).unwrap();
        let mut tail = Tail::default();
        write!(log, "{LINE} one\n   0: anyhow::error::from\n{LINE} tw").unwrap();
        let line = |text: &str| ("a".to_owned(), format!("{LINE} {text}"));
        assert_eq!(tail.fresh(home.path()).unwrap(), [line("one")]);
        assert!(tail.fresh(home.path()).unwrap().is_empty());
        writeln!(log, "o").unwrap();
        assert_eq!(tail.fresh(home.path()).unwrap(), [line("two")]);
    }

    #[test]
    fn who_logs_without_end_is_cut_short() {
        let home = tempfile::tempdir().unwrap();
        let text = format!("{LINE}\n").repeat(100) + LINE + &"x".repeat(1_000_000);
        fs::write(home.path().join("b-3.log"), &text).unwrap();
        let mut tail = Tail::default();
        let told = tail.fresh(home.path()).unwrap();
        assert_eq!(told.len(), MOST_LINES + 1);
        assert_eq!(told[MOST_LINES].1, "… and 90 lines more");
        for _ in 0..40 {
            assert!(tail.fresh(home.path()).unwrap().len() <= MOST_LINES + 1);
        }
        let read: u64 = tail.0.values().sum();
        assert!(text.len() as u64 - read < AT_ONCE, "{read}");
    }
}
