#!/usr/bin/env bash
# Fuzzes the taps' parsers with coverage, each for FUZZ_SECONDS (600); arguments are taps: kafka,
# postgres. Needs a C++ compiler, and no nightly: the coverage is asked of LLVM itself.
# What crashes is kept in target/fuzz/TAP/, and reruns with the command that is printed.
set -euo pipefail
cd "$(dirname "$0")/.."

taps=("$@")
[ ${#taps[@]} -gt 0 ] || taps=(kafka postgres)
seconds=${FUZZ_SECONDS:-600}
target=$(rustc -vV | sed -n 's/^host: //p')

# As cargo-fuzz asks for it, without the sanitizers, which need a nightly: there is no unsafe code to
# be watched. The target is named so that build scripts are not instrumented.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
cargo build --release --quiet --manifest-path fuzz/Cargo.toml --target-dir target/fuzz-build --target "$target"
built="target/fuzz-build/$target/release"

for tap in "${taps[@]}"; do
    echo "fuzzing the $tap tap for $seconds s"
    mkdir -p "target/fuzz/$tap" "target/fuzz/seeds-$tap"
    FUZZ_SEEDS="target/fuzz/seeds-$tap" "$built/$tap" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1024 \
        -use_value_profile=1 -print_final_stats=1 -artifact_prefix="target/fuzz/$tap-" \
        "target/fuzz/$tap" "target/fuzz/seeds-$tap" 2>&1 |
        grep -Ev '^#[0-9]+\s+(NEW|REDUCE|RELOAD)|^"'
done
