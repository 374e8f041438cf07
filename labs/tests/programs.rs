//! The labs' consumers, outside of the lab. That this test is here lets `cargo test` build their programs,
//! which other tests start: Cargo builds a package's programs for its integration tests alone.

mod outside;

#[test]
fn a_consumer_that_no_lab_has_started_says_what_is_missing() {
    let (manifest, one) = (
        include_str!("../Cargo.toml"),
        env!("CARGO_BIN_EXE_lab-01-broken"),
    );
    outside::every_program_says_what_is_missing(manifest, one, &[]);
}
