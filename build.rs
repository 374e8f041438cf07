//! Lets Cargo see when the dashboard's pages were built anew: `rust-embed` takes in what is there.
//! It builds nothing itself: a build must not need npm, nor the network.

const PAGES: &str = "src/dashboard/web/dist";

fn main() {
    // Git does not know the folder, and Cargo would take a missing one for changed at every build.
    if let Err(e) = std::fs::create_dir_all(PAGES) {
        println!("cargo::warning={PAGES} cannot be made: {e}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={PAGES}");
}
