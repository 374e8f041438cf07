//! What fuzzing begins with.

use std::path::PathBuf;

/// Writes the seeds where the fuzzer is going to look for them: the folder in `FUZZ_SEEDS`, if any.
pub fn write(seeds: &[Vec<u8>]) {
    let Some(folder) = std::env::var_os("FUZZ_SEEDS").map(PathBuf::from) else {
        return;
    };
    for (number, seed) in seeds.iter().enumerate() {
        let path = folder.join(format!("{number:03}"));
        std::fs::write(&path, seed).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}
