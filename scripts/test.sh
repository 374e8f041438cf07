#!/usr/bin/env bash
# Runs the tests on a stack of their own, which is gone afterwards whatever happens.
# Arguments go to `cargo test`: scripts/test.sh --test labs
set -euo pipefail
cd "$(dirname "$0")/.."

# Other checkouts and other stacks of this machine are left alone.
CRASHWINDOW_TEST_STACK="test-$$"
export CRASHWINDOW_TEST_STACK
bin=target/debug/crashwindow

trap '"$bin" down --name "$CRASHWINDOW_TEST_STACK"' EXIT
trap 'exit 130' INT TERM
"$bin" up --name "$CRASHWINDOW_TEST_STACK"
cargo test --quiet "$@"
