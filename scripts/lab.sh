#!/usr/bin/env bash
# The lab in containers where a Docker engine answers, else on this machine itself.
#
#   scripts/lab.sh up             start it, and run lab 1 in it
#   scripts/lab.sh down           stop it; results are kept in volumes
#   scripts/lab.sh reset          stop it and remove what it kept
#   scripts/lab.sh logs           what the servers say
#   scripts/lab.sh images FILE    save every image to one file, for machines without a network
#   scripts/lab.sh load FILE      load them there
#
#   CRASHWINDOW_LAB=native        leave Docker alone; =docker: fail without it
#   CRASHWINDOW_CLUSTER=yes       three brokers
#   CRASHWINDOW_STACK=NAME        a stack of this name beside others
set -euo pipefail
cd "$(dirname "$0")/.."

stack=${CRASHWINDOW_STACK:-default}
project=crashwindow-$stack
bin=target/debug/crashwindow

# Beside what a function returns as its output.
exec 3>&1
say() { printf '%s\n' "$*"; }
fail() { printf '%s\nnext: %s\n' "$1" "$2" >&2; exit 2; }

# Names of stand-ins that docker/offline/build made here, or `load` found.
if [ -f docker/offline/images.env ]; then
  set -a
  # shellcheck disable=SC1091
  . docker/offline/images.env
  set +a
fi
if [ "${CRASHWINDOW_CLUSTER:-no}" = yes ]; then
  export CRASHWINDOW_BROKERS=3 COMPOSE_PROFILES=cluster
  export CRASHWINDOW_BOOTSTRAP=kafka1:9092,kafka2:9092,kafka3:9092
fi

# Why Docker cannot be used; empty if it can.
without_docker() {
  if [ "${CRASHWINDOW_LAB:-}" = native ]; then
    say 'CRASHWINDOW_LAB=native asks for it'
  elif ! command -v docker >/dev/null; then
    say 'there is no Docker here'
  elif ! timeout 10 docker info >/dev/null 2>&1; then
    say 'no Docker engine answers'
  elif ! compose_program >/dev/null; then
    say 'the Docker engine has neither the plugin compose nor docker-compose'
  fi
}

compose_program() {
  if docker compose version >/dev/null 2>&1; then
    say docker compose
  elif command -v docker-compose >/dev/null; then
    say docker-compose
  else
    return 1
  fi
}

compose() {
  # shellcheck disable=SC2046 # one or two words
  $(compose_program) -p "$project" -f docker/compose.yaml "$@"
}

# The image of a service in `config`, which is the composition as Compose understands it.
image() {
  awk -v service="  $1:" '
    $0 == service { inside = 1; next }
    inside && /^  [a-z]/ { exit }
    inside && $1 == "image:" { gsub(/["\x27]/, "", $2); print $2; exit }' <<<"$config"
}

# Makes sure that the image of a service is here.
have() {
  local name
  name=$(image "$1")
  docker image inspect "$name" >/dev/null 2>&1 && return
  if [ "$1" = lab ]; then
    say "building $name, which takes some minutes" >&3
    docker build -q -f docker/Dockerfile -t "$name" . >/dev/null
  else
    say "pulling $name" >&3
    timeout 600 docker pull -q "$name" >/dev/null
  fi
}

# Waits until a container is healthy.
healthy() {
  local deadline=$((SECONDS + 180)) container state
  container=$(compose ps -q "$1")
  while true; do
    state=$(docker inspect -f '{{.State.Status}} {{.State.Health.Status}}' "$container")
    case $state in
      'running healthy') return ;;
      running*) ;;
      *) break ;;
    esac
    [ $SECONDS -lt $deadline ] || break
    sleep 0.2
  done
  compose logs --tail=20 "$1" >&2
  fail "$1 did not come up ($state)" "make lab-logs"
}

native() {
  say "stack: native ($1)"
  exec make --no-print-directory lab-up-native
}

up() {
  local why began=$SECONDS services=(kafka1 postgres lab prometheus) service url
  why=$(without_docker)
  if [ -n "$why" ]; then
    [ "${CRASHWINDOW_LAB:-}" != docker ] || fail "$why" 'start a Docker engine, or leave CRASHWINDOW_LAB out'
    native "$why"
  fi
  [ "${CRASHWINDOW_CLUSTER:-no}" = yes ] && services=(kafka1 kafka2 kafka3 postgres lab prometheus)
  config=$(compose --profile cluster config)
  for service in "${services[@]}"; do
    if ! why=$(have "$service" 2>&1); then
      why="a Docker engine answers, and the image for $service cannot be had: $(tail -n 1 <<<"$why")"
      [ "${CRASHWINDOW_LAB:-}" != docker ] || fail "$why" 'docker/offline/build, or make lab-load'
      native "$why"
    fi
  done
  if have grafana >/dev/null 2>&1; then
    services+=(grafana)
  else
    say "without Grafana: its image cannot be had"
  fi
  say "stack: Docker ($(compose_program), project $project)"
  began=$SECONDS
  compose up -d "${services[@]}"
  for service in "${services[@]}"; do healthy "$service"; done
  url=$(compose logs --no-color lab 2>/dev/null | grep -m 1 -o 'http://[^ ]*#token=[0-9a-f]*')
  say "ready after $((SECONDS - began)) s"
  say
  compose exec -T lab crashwindow compare 01
  say
  say "dashboard:        $url"
  case " ${services[*]} " in
    *' grafana '*) say "Grafana:          http://127.0.0.1:${CRASHWINDOW_GRAFANA_PORT:-3000}" ;;
  esac
  say "Prometheus:       http://127.0.0.1:${CRASHWINDOW_PROMETHEUS_PORT:-9090}"
  say "run something:    $(compose_program) -p $project -f docker/compose.yaml exec lab crashwindow storm 04"
  say 'stop it all:      make lab-down'
}

# Down, with these flags more.
down() {
  if [ -z "$(without_docker)" ]; then
    local there
    there=$(docker ps -aq --filter "label=com.docker.compose.project=$project")
    if [ -n "$there" ] || [ $# -gt 0 ]; then
      compose --profile cluster down --remove-orphans "$@"
    fi
  fi
  if [ -x $bin ]; then $bin down; fi
}

logs() {
  if [ -z "$(without_docker)" ] && [ -n "$(compose ps -q 2>/dev/null)" ]; then
    compose logs --tail="${LINES_OF_LOG:-100}"
  elif [ -x $bin ]; then
    $bin status
  fi
}

images() {
  local file=${1:?a file} service names=()
  [ -z "$(without_docker)" ] || fail "$(without_docker)" 'start a Docker engine'
  config=$(compose --profile cluster config)
  for service in kafka1 postgres lab prometheus grafana; do
    if have "$service"; then
      names+=("$(image "$service")")
    elif [ "$service" = grafana ]; then
      say 'without Grafana: its image cannot be had'
    else
      fail "the image for $service cannot be had" 'docker/offline/build makes a stand-in'
    fi
  done
  mkdir -p "$(dirname "$file")"
  docker save -o "$file" "${names[@]}"
  say "${#names[@]} images in $file ($(du -h "$file" | cut -f1))"
}

load() {
  local file=${1:?a file} loaded
  [ -f "$file" ] || fail "there is no $file" 'make lab-images, on a machine with a network'
  [ -z "$(without_docker)" ] || fail "$(without_docker)" 'start a Docker engine'
  loaded=$(docker load -q -i "$file")
  say "$loaded"
  # Stand-ins have names of their own.
  sed -n 's/^Loaded image: \(crashwindow-offline\/\([a-z]*\):.*\)/CRASHWINDOW_\U\2\E_IMAGE=\1/p' \
    <<<"$loaded" >docker/offline/images.env
  [ -s docker/offline/images.env ] || rm docker/offline/images.env
}

case ${1:-} in
  up) up ;;
  down) down ;;
  reset) down --volumes ;;
  logs) logs ;;
  images) images "${2:-}" ;;
  load) load "${2:-}" ;;
  *) fail "scripts/lab.sh knows up, down, reset, logs, images and load, not '${1:-}'" 'make' ;;
esac
