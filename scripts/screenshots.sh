#!/usr/bin/env bash
# Takes every page of the dashboard, light and dark, into docs/screenshots: on a stack of its own,
# from runs that it does itself.
set -euo pipefail
cd "$(dirname "$0")/.."

export CRASHWINDOW_STACK="screenshots-$$"
bin=$PWD/target/debug/crashwindow
home=$(mktemp -d)
trap '"$bin" down; rm -rf "$home"' EXIT
trap 'exit 130' INT TERM

"$bin" up --stack native
# The dashboard ends with its stack.
DASHBOARD=$(XDG_DATA_HOME="$home" "$bin" serve --stack native --background --port 0 --attendee you)
export DASHBOARD
scripts/node-packages.sh tests/browser
cd tests/browser
npx playwright test --project screenshots
