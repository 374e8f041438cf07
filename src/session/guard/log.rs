//! A log of bounded size: the beginning of what was written, and the end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of the beginning that are kept: settings and first errors.
const HEAD: u64 = 1 << 20;

/// Bytes of the end that are kept, at least; at most twice as many are in the file.
const TAIL: u64 = 1 << 20;

/// At any time the file holds the first [`HEAD`] bytes and, of what came after, at least the last
/// [`TAIL`], with a line between them that says how much was dropped.
pub(super) struct BoundedLog {
    file: File,
    end: u64,
    /// Where what came after the head, and was not dropped, begins.
    tail: u64,
    dropped: u64,
}

impl BoundedLog {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        Ok(Self {
            file,
            end: 0,
            tail: HEAD,
            dropped: 0,
        })
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(bytes)?;
        self.end += bytes.len() as u64;
        if self.end > self.tail + 2 * TAIL {
            self.drop_middle()?;
        }
        Ok(())
    }

    /// Moves the last [`TAIL`] bytes up behind the head, from the beginning of a line.
    fn drop_middle(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end - TAIL))?;
        let mut kept = Vec::new();
        self.file.read_to_end(&mut kept)?;
        let line = kept.iter().position(|byte| *byte == b'\n');
        let kept = &kept[line.map_or(0, |at| at + 1)..];
        self.dropped += self.end - self.tail - kept.len() as u64;

        let gap = format!("\n[crashwindow dropped {} bytes here]\n", self.dropped);
        self.file.seek(SeekFrom::Start(HEAD))?;
        self.file.write_all(gap.as_bytes())?;
        self.file.write_all(kept)?;
        self.tail = HEAD + gap.len() as u64;
        self.end = self.tail + kept.len() as u64;
        self.file.set_len(self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lines: std::ops::Range<usize>) -> String {
        lines.map(|n| format!("line {n}\n")).collect()
    }

    fn log_of(text: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a-1.log");
        let mut log = BoundedLog::create(&path).expect("a file");
        for chunk in text.as_bytes().chunks(50_000) {
            log.append(chunk).expect("there is room");
        }
        std::fs::read_to_string(&path).expect("a log")
    }

    #[test]
    fn a_short_log_is_what_was_written() {
        let text = written(0..100_000);
        assert!(text.len() as u64 > HEAD, "it has a tail too");
        assert_eq!(log_of(&text), text);
    }

    #[test]
    fn a_long_log_is_its_beginning_its_end_and_how_much_is_missing() {
        let text = written(0..1_000_000);
        let log = log_of(&text);
        assert!(log.len() as u64 <= HEAD + 2 * TAIL + 100, "{}", log.len());
        let (head, rest) = log.split_at(HEAD.try_into().expect("small"));
        assert!(text.starts_with(head));
        let (gap, tail) = rest[1..].split_once('\n').expect("a line between them");
        assert!(text.ends_with(tail) && tail.starts_with("line "), "{gap}");
        assert!(tail.len() as u64 > TAIL / 2);
        let missing = text.len() - head.len() - tail.len();
        assert_eq!(gap, format!("[crashwindow dropped {missing} bytes here]"));
    }

    #[test]
    fn a_long_log_without_lines_is_bounded_too() {
        let text = "x".repeat(10 << 20);
        let log = log_of(&text);
        assert!(log.len() as u64 <= HEAD + 2 * TAIL + 100, "{}", log.len());
    }
}
