//! A copy of lab 1 that a test may spoil.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support;

/// A folder of labs with lab 1 alone, gone when dropped.
pub struct LabCopy {
    home: tempfile::TempDir,
}

impl LabCopy {
    /// A copy with one piece of the manifest replaced.
    pub fn changed(from: &str, to: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let copy = Self { home };
        let folder = copy.folder();
        std::fs::create_dir(&folder).unwrap();
        for entry in std::fs::read_dir(support::labs().join("01-select-then-act"))
            .unwrap()
            .flatten()
        {
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        let path = folder.join("lab.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "the manifest has no {from:?}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        copy
    }

    /// A copy whose broken consumer is this shell script.
    pub fn with_consumer(script: &str) -> Self {
        let copy = Self::changed("\"lab-01-broken\"", "\"./consumer.sh\"");
        let path = copy.folder().join("consumer.sh");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        copy
    }

    /// For `--labs`.
    pub fn labs(&self) -> &str {
        self.home.path().to_str().expect("a path in UTF-8")
    }

    /// Where lab 1 is, and its consumers run.
    pub fn folder(&self) -> PathBuf {
        self.home.path().join("01-select-then-act")
    }
}
