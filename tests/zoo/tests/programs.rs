//! The zoo's consumers, outside of the lab; see `labs/tests/programs.rs`.

#[path = "../../../labs/tests/outside/mod.rs"]
mod outside;

#[test]
fn a_consumer_that_no_lab_has_started_says_what_is_missing() {
    let (manifest, one) = (
        include_str!("../Cargo.toml"),
        env!("CARGO_BIN_EXE_zoo-swallow"),
    );
    // Of a pair, one must be chosen; who is no pair does not look.
    outside::every_program_says_what_is_missing(manifest, one, &["twin"]);
}
