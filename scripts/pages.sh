#!/usr/bin/env bash
# Builds the dashboard's pages, which the next build of the program takes in. Where that cannot be
# done it says why, and the dashboard itself says how.
#
#   scripts/pages.sh          build them
#   scripts/pages.sh check    hold them to their types, lints and tests
set -euo pipefail
cd "$(dirname "$0")/.."
pages=src/dashboard/web

# Vite's oldest (package.json: engines).
if ! command -v npm >/dev/null 2>&1 ||
  ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
  echo "the dashboard's pages are left out: they are built with Node.js 20.19 or later, and npm"
  exit 0
fi
scripts/node-packages.sh "$pages"
cd "$pages"
if [ "${1:-}" = check ]; then
  npm run --silent check
  npm run --silent test -- --reporter=dot
else
  npm run --silent build -- --logLevel warn
fi
