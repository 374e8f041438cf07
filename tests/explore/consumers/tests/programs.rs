//! The consumers of the tests of an exploration, outside of the lab; see `labs/tests/programs.rs`.

#[path = "../../../../labs/tests/outside/mod.rs"]
mod outside;

#[test]
fn a_consumer_that_no_lab_has_started_says_what_is_missing() {
    let (manifest, one) = (
        include_str!("../Cargo.toml"),
        env!("CARGO_BIN_EXE_bad-habits"),
    );
    outside::every_program_says_what_is_missing(manifest, one, &[]);
}
