//! Programs that are started as no lab starts them.

use std::path::Path;
use std::process::Command;

/// Starts every program of a package with these arguments and without the lab's environment: each must
/// end with an error that names what is missing, and the command that would set it.
///
/// `manifest` is the text of the package's manifest, `one` the path of one of its programs.
#[track_caller]
pub fn every_program_says_what_is_missing(manifest: &str, one: &str, arguments: &[&str]) {
    let manifest: toml::Table = toml::from_str(manifest).expect("Cargo has read it");
    let programs = manifest["bin"].as_array().expect("it has programs");
    for program in programs {
        let name = program["name"].as_str().expect("it has a name");
        let output = Command::new(Path::new(one).with_file_name(name))
            .args(arguments)
            .env_clear()
            .output()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        for words in ["the environment has no KAFKA_TOPIC", "crashwindow run"] {
            assert!(said.contains(words), "{name}: no {words:?} in: {said}");
        }
    }
}
