//! What the consumers logged, in few lines: alike ones are one with a count.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Kinds of lines that are told.
const TOLD: usize = 14;

/// The rarest kinds last. Digits are taken out of a line to find what is alike.
pub fn digest(run_dir: &Path) -> std::io::Result<String> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(run_dir.join("logs"))? {
        let text = std::fs::read_to_string(entry?.path())?;
        lines.extend(text.lines().filter_map(message).map(str::to_owned));
    }
    Ok(summed_up(&lines))
}

fn summed_up(lines: &[String]) -> String {
    let mut kinds: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for line in lines {
        kinds.entry(kind(line)).or_insert((0, line)).0 += 1;
    }
    let mut kinds: Vec<_> = kinds.into_values().collect();
    kinds.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let mut out = String::new();
    for (count, example) in kinds.iter().take(TOLD) {
        let _ = writeln!(out, "{count:>6} x  {example}");
    }
    if kinds.len() > TOLD {
        let _ = writeln!(
            out,
            "          and {} kinds of lines more",
            kinds.len() - TOLD
        );
    }
    out
}

/// Without time and place: `WARN the broker refused …`; none where it is a part of a backtrace.
fn message(line: &str) -> Option<&str> {
    if line.starts_with("Error: ") {
        return Some(line);
    }
    let (_time, rest) = line.split_once('Z')?;
    let rest = rest.trim_start();
    let is_level = ["INFO", "WARN", "ERROR"]
        .iter()
        .any(|level| rest.starts_with(level));
    let (_, said) = rest.split_once(": ").filter(|_| is_level)?;
    Some(said)
}

#[must_use]
pub fn is_message(line: &str) -> bool {
    message(line).is_some()
}

/// What lines are alike in: no numbers, and lists of any length.
fn kind(line: &str) -> String {
    let line: String = line.chars().filter(|c| !c.is_ascii_digit()).collect();
    line.replace(", ", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_in_numbers_are_one_kind() {
        let log = [
            "2026-11-25T04:43:24.2Z  INFO crashwindow_labs::metrics: rebalance: lost [2, 6]",
            "2026-11-25T04:43:25.2Z  INFO crashwindow_labs::metrics: rebalance: lost [1]",
            "2026-11-25T04:43:26.2Z  WARN crashwindow_labs::metrics: refused: UnknownMemberId",
            "   0: anyhow::error::from",
            "Error: connection closed",
        ];
        let lines: Vec<String> = log
            .iter()
            .filter_map(|l| message(l))
            .map(str::to_owned)
            .collect();
        let text = summed_up(&lines);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(
            text.starts_with("     2 x  rebalance: lost [2, 6]"),
            "{text}"
        );
        assert!(text.contains("1 x  Error: connection closed"), "{text}");
    }
}
