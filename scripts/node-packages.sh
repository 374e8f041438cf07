#!/usr/bin/env bash
# Installs the npm packages that a folder's lock file names, unless they are there.
#
#   scripts/node-packages.sh FOLDER
set -euo pipefail
cd "$1"
# npm writes it last, so that an installation that broke off is made again.
if [ node_modules/.package-lock.json -nt package-lock.json ]; then exit 0; fi
npm ci --silent
