#!/usr/bin/env bash
# Installs what the build and the native stack need and this machine lacks: on Debian and Ubuntu,
# as root or with sudo that asks for no password. Elsewhere, or with CRASHWINDOW_INSTALL=no, it
# prints the one line and stops. When nothing is missing it says nothing.
#
#   scripts/setup.sh          what a lab needs
#   scripts/setup.sh pages    and what the dashboard's pages are built with
#   scripts/setup.sh test     and what the tests need: the official SDKs and the examples in
#                             their own languages, and a browser
set -euo pipefail

# The Rust that Cargo.toml asks for (rust-version).
RUST_WANTED=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")

missing=()   # Debian packages
why=()

need() { # command package reason
  if ! command -v "$1" >/dev/null 2>&1; then missing+=("$2"); why+=("$2: $3"); fi
}

java_major() {
  local java=java
  [ -n "${JAVA_HOME:-}" ] && java="$JAVA_HOME/bin/java"
  "$java" -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p'
}

need cc build-essential "compiles librdkafka and links every program"
need make build-essential "builds librdkafka"
need pkg-config pkg-config "finds OpenSSL for the build"
need mvn maven "brings Kafka and PostgreSQL into the cache, once"
need xz xz-utils "unpacks PostgreSQL"
need awk gawk "make help"
major=$(java_major || true)
if [ -z "$major" ] || [ "$major" -lt 17 ]; then
  missing+=(default-jre-headless); why+=("default-jre-headless: runs Kafka (Java 17 or later)")
fi
if command -v pkg-config >/dev/null 2>&1; then
  pkg-config --exists openssl || { missing+=(libssl-dev); why+=("libssl-dev: TLS to Kafka and Postgres"); }
  pkg-config --exists zlib || { missing+=(zlib1g-dev); why+=("zlib1g-dev: compression in librdkafka"); }
else
  missing+=(libssl-dev zlib1g-dev); why+=("libssl-dev, zlib1g-dev: TLS and compression")
fi

if [ "${1:-}" = pages ] || [ "${1:-}" = test ]; then
  need node nodejs "builds the dashboard's pages, and runs the payment provider's official Node SDK"
  need npm npm "installs both"
fi

if [ "${1:-}" = test ]; then
  if ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
    missing+=(chromium); why+=("chromium: opens the dashboard's pages")
  fi
  need javac default-jdk-headless "compiles the example consumer in Java"
  need promtool prometheus "checks the alerts, and watches a storm (the stack starts it by itself)"
  if ! docker compose version >/dev/null 2>&1; then
    need docker-compose docker-compose "reads the composition; no engine is needed for that"
  fi
  need psql postgresql-client "one of the clients that must work through the Postgres tap"
  need python3 python3 "runs the official Python SDK"
  # On Debian, Python comes without what a virtual environment needs.
  if ! python3 -c 'import ensurepip' 2>/dev/null; then
    missing+=(python3-venv); why+=("python3-venv: installs it")
  fi
fi

if [ ${#missing[@]} -gt 0 ]; then
  readarray -t packages < <(printf '%s\n' "${missing[@]}" | sort -u)
  line="apt-get install -y --no-install-recommends ${packages[*]}"
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo="sudo -n"
  if [ "${CRASHWINDOW_INSTALL:-yes}" = no ]; then
    printf 'missing and not installed, because CRASHWINDOW_INSTALL=no:\n'
    printf '  %s\n' "${why[@]}"
    printf 'next: %s\n' "$line"
    exit 2
  elif ! command -v apt-get >/dev/null 2>&1; then
    printf 'missing: a C compiler, make, pkg-config, OpenSSL and zlib headers, xz, Java 17 and Maven are needed\n'
    printf '  %s\n' "${why[@]}"
    printf 'next, on Fedora: dnf install gcc make pkgconf openssl-devel zlib-devel xz java-21-openjdk-devel maven nodejs npm python3\n'
    printf 'next, on macOS:  brew install pkgconf openssl@3 xz openjdk maven node python\n'
    exit 2
  elif [ -n "$sudo" ] && ! sudo -n true 2>/dev/null; then
    printf 'missing, and sudo asks for a password here:\n'
    printf '  %s\n' "${why[@]}"
    printf 'next: sudo %s\n' "$line"
    exit 2
  fi
  printf 'installing (CRASHWINDOW_INSTALL=no prevents it):\n'
  printf '  %s\n' "${why[@]}"
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq
  # shellcheck disable=SC2086 # the line is a list of words
  $sudo $line -qq >/dev/null
fi

rust_version=$(rustc --version 2>/dev/null | sed -n 's/^rustc \([0-9]*\.[0-9]*\).*/\1/p' || true)
if [ -z "$rust_version" ] || [ "$(printf '%s\n' "$RUST_WANTED" "$rust_version" | sort -V | head -n 1)" != "$RUST_WANTED" ]; then
  printf 'Rust %s or later is needed, and this machine has %s\n' "$RUST_WANTED" "${rust_version:-none}"
  printf "next: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y, then open a new shell\n"
  exit 2
fi
