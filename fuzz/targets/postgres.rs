//! The whole of a connection through the Postgres tap, both sides of it invented.
#![no_main]

mod bounded;
mod seeds;

use crashwindow::tap::postgres::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write(&fuzz::seeds()), |script: &[u8]| {
    let _ = fuzz::converse(script);
});
