#!/usr/bin/env bash
# Runs the tests on a stack of their own, which is gone afterwards whatever happens.
#
#   scripts/test.sh               every target, TEST_LANES (3) of them at a time
#   scripts/test.sh --test labs   what `cargo test` is told, alone
#
# A target mostly waits: for brokers, for builds of its own, for a consumer that was struck. Side by
# side they take half the time, and each run has its own topic, group, database and account.
set -euo pipefail
cd "$(dirname "$0")/.."

# Other checkouts and other stacks of this machine are left alone.
CRASHWINDOW_TEST_STACK="test-$$"
export CRASHWINDOW_TEST_STACK
bin=target/debug/crashwindow

# One target, and what it printed only if it failed; which tests were ignored, and why, in any case.
one_target() {
  local began=$SECONDS output
  if output=$(cargo test --quiet "$@" 2>&1 </dev/null); then
    printf 'ok      %4d s  %s\n' $((SECONDS - began)) "$*"
    grep -o 'ignored: .*' <<<"$output" || true
  else
    printf 'FAILED  %4d s  %s\n%s\n' $((SECONDS - began)) "$*" "$output"
    return 1
  fi
}

# What cargo would run. The longest come first, so that none is waited for alone.
all_targets() {
  local first='docs dashboard explore stack new_lab labs provider_sdks run'
  # shellcheck disable=SC2086 # the list is words
  printf -- '--test %s\n' $first
  printf -- '--lib --bins\n--doc\n'
  # Every package of consumers has a target `programs`, and cargo runs them all by that name.
  cargo test --no-run 2>&1 | sed -n 's|.*Executable tests/.*/deps/\(.*\)-[0-9a-f]*)|\1|p' | sort -u |
    while read -r target; do
      [[ " $first " == *" $target "* ]] || printf -- '--test %s\n' "$target"
    done
}

if [ $# -eq 0 ]; then
  cargo test --quiet --no-run
fi
trap '"$bin" down --name "$CRASHWINDOW_TEST_STACK"' EXIT
trap 'exit 130' INT TERM
"$bin" up --name "$CRASHWINDOW_TEST_STACK"
if [ $# -gt 0 ]; then
  cargo test --quiet "$@"
else
  export -f one_target
  # shellcheck disable=SC2016 # the inner shell splits a target's words
  all_targets | xargs -P "${TEST_LANES:-3}" -I {} bash -c 'one_target $0' {}
fi
