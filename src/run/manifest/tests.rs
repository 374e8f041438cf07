//! Manifests that are refused, and what is said of them.

use super::*;

const LABS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/labs");

/// Lab 1 in a folder of its own, with one piece of its manifest replaced.
fn changed(from: &str, to: &str) -> Result<Manifest, ManifestError> {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("01-select-then-act");
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(format!("{LABS}/01-select-then-act"))
        .unwrap()
        .flatten()
    {
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let path = folder.join("lab.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains(from),
        "the manifest has no {from:?} to replace"
    );
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    Manifest::load(&folder)
}

#[track_caller]
fn assert_refused(from: &str, to: &str, because: &str) {
    let error = changed(from, to).unwrap_err().to_string();
    assert!(error.contains(because), "{error}");
    assert!(
        error.contains("lab.toml") && error.contains("next:"),
        "{error}"
    );
}

#[test]
fn every_lab_in_the_folder_loads() {
    assert!(!all(Path::new(LABS)).unwrap().is_empty());
}

#[test]
fn a_lab_is_found_by_number_id_or_name() {
    for lab in ["1", "01", "select-then-act", "01-select-then-act"] {
        assert_eq!(find(Path::new(LABS), lab).unwrap().id, "01");
    }
}

#[test]
fn an_unknown_lab_is_told_which_there_are() {
    let error = find(Path::new(LABS), "99").unwrap_err().to_string();
    assert!(error.contains("\"99\"") && error.contains("01"), "{error}");
}

#[test]
fn malformed_toml_is_refused_with_its_line() {
    assert_refused("payments = 200", "payments = ", "line 11");
}

#[test]
fn an_unknown_field_is_refused() {
    assert_refused("payments = 200", "payments = 200\nspeed = 9", "speed");
}

#[test]
fn an_unknown_fault_is_refused() {
    assert_refused("fault = \"zombie\"", "fault = \"gremlin\"", "gremlin");
}

#[test]
fn contradictions_are_refused_by_name() {
    assert_refused("id = \"01\"", "id = \"02\"", "not its folder's name");
    assert_refused("strikes = 3", "strikes = 300", "strikes 300 of 200");
    assert_refused("instances = 2", "instances = 9", "one would be idle");
    assert_refused("name = \"kill\"", "name = \"zombie\"", "two scenarios");
    assert_refused(
        "fixed = \"held\"",
        "fxied = \"held\"",
        "which is no consumer",
    );
    assert_refused(
        "fixed = \"held\"",
        "fxied = \"held\"",
        "expects nothing of consumer",
    );
    assert_refused(
        "source = \"fixed.rs\"",
        "source = \"gone.rs\"",
        "no file gone.rs",
    );
    assert_refused("schema = 1", "schema = 2", "this program reads 1");
}

#[test]
fn all_contradictions_are_told_at_once() {
    let error = changed("payments = 200", "payments = 0")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("payments is 0") && error.contains("of 0 payments"),
        "{error}"
    );
}
