#!/usr/bin/env bash
# The lab in containers, on a Docker engine of this script's own: stand-in images, `make lab-up`, lab 1 and
# a storm inside, `make lab-down` leaves nothing, and three brokers of which a storm stops one. Where that
# cannot be done it says why in one line, and that is no failure.
#
#   scripts/docker-test.sh          all of it, some minutes
#   scripts/docker-test.sh one      without the three brokers
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { echo "skipped: the lab in Docker ($1)"; exit 0; }
fail() { echo "FAILED: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || skip 'an engine of its own needs root'
packages='apt-get install -y docker.io docker-compose prometheus wget'
for program in dockerd mvn prometheus wget dpkg-query; do
  command -v $program >/dev/null || skip "there is no $program; $packages"
done
docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null || skip "there is no Compose; $packages"
[ -x target/debug/crashwindow ] || fail 'nothing is built: make build'

work=$(mktemp -d)
export DOCKER_HOST=unix://$work/docker.sock
# A stack, and ports, of this run alone.
export CRASHWINDOW_STACK=docker-$$ CRASHWINDOW_LAB=docker
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
ports=()
for name in PORT PROMETHEUS_PORT GRAFANA_PORT POSTGRES_PORT KAFKA_PORT KAFKA2_PORT KAFKA3_PORT; do
  port=$(free)
  export "CRASHWINDOW_$name=$port"
  ports+=("$port")
done
project=crashwindow-$CRASHWINDOW_STACK

dockerd -H "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" \
  >"$work/log" 2>&1 &
engine=$!
end() {
  if docker info >/dev/null 2>&1; then scripts/lab.sh reset >/dev/null 2>&1 || true; fi
  kill "$engine" 2>/dev/null || true
  wait "$engine" || true
  rm -rf "$work" docker/offline/images.env
}
trap end EXIT
trap 'exit 130' INT TERM
for _ in $(seq 300); do
  docker info >/dev/null 2>&1 && break
  kill -0 "$engine" 2>/dev/null || skip "an engine cannot run here: $(tail -n 1 "$work/log")"
  sleep 0.1
done
docker info >/dev/null 2>&1 || fail "the engine does not answer: $(tail -n 3 "$work/log")"

inside() { docker exec "$(docker ps -q --filter "name=${project}[-_]lab[-_]")" "$@"; }
# The verdict of a report, told with its counts. A storm may say that its incident is not what it promises,
# as on a busy machine: where that is all that it lacks, it stood, and a line says so.
verdict() { python3 -c '
import json, sys
report = json.load(sys.stdin)
counts, told = report["counts"], report["verdict"]
print("  ", report["lab"], report["consumer"], told, counts, file=sys.stderr)
incident = counts.get("incident")
if told == "unknown" and incident:
    share = 1000 * incident["records"] / max(incident["of"], 1)
    missed = not incident["promise"]["from"] <= share <= incident["promise"]["to"]
    whole = counts["effects"] == counts["paid"] == counts["payments"] > 0 and counts["drained"]
    if missed and whole and counts["fired"] == counts["planned"] and counts["strangers"] == counts["unread"] == 0:
        print("   the incident missed its promise, and says so", file=sys.stderr)
        told = "held"
print(told)'; }
is() { [ "$1" = "$2" ] || fail "$3 is $1, not $2"; }
# The broker that a storm stopped, by its report; none where it did not, or failed to.
broker_stopped_in() { python3 -c '
import json, sys
marks = [m for m in json.load(open(sys.argv[1]))["marks"] if m["blow"] == "broker-stop"]
print("  ", marks, file=sys.stderr)
gone = [m["instance"] for m in marks if m["problem"] is None and m["until_ms"] - m["at_ms"] >= 4000]
sys.exit("not one broker, and one stop") if len(gone) != 1 else print(gone[0])' "$1"; }
# How often a broker has started, in the words of its own log.
starts_of() { docker logs "$(docker ps -q --filter "name=${project}[-_]$1[-_]")" 2>&1 | grep -c 'Kafka Server started'; }
# Whether the broker that a report says was stopped, and no other, has started twice.
really_stopped() {
  local stopped broker times
  stopped=$(broker_stopped_in "$1") || return 1
  for broker in kafka1 kafka2 kafka3; do
    times=$(starts_of $broker)
    [ "$times" = "$([ $broker = "$stopped" ] && echo 2 || echo 1)" ] || return 1
  done
}
lost_none() { python3 -c '
import json, sys
counts = json.load(open(sys.argv[1]))["counts"]
sys.exit(0 if counts["paid"] == counts["payments"] > 0 else f"{counts}")' "$1"; }

leaves_nothing() {
  local left port
  left=$(docker ps -aq --filter "label=com.docker.compose.project=$project")
  [ -z "$left" ] || fail "containers are left: $left"
  left=$(docker network ls -q --filter "label=com.docker.compose.project=$project")
  [ -z "$left" ] || fail "networks are left: $left"
  for port in "${ports[@]}"; do
    ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || fail "somebody listens on port $port"
  done
}

# Whether `make lab-up` fails as it should, with this in its words and the next command.
refuses() {
  local said
  if said=$(make --no-print-directory lab-up 2>&1); then fail "it came up: $said"; fi
  grep -q "$1" <<<"$said" && grep -q '^next: ' <<<"$said" || fail "it says $said"
}

echo '== no engine, and no image'
DOCKER_HOST=unix://$work/nobody refuses 'no Docker engine answers'
CRASHWINDOW_KAFKA_IMAGE=127.0.0.1:1/none:1 refuses 'the image for kafka1 cannot be had'

echo '== stand-in images'
docker/offline/build
docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep -v '<none>'

echo '== make lab-up'
make --no-print-directory lab-up | tee "$work/up"
grep -q 'ready after' "$work/up" || fail 'it does not say when it was ready'
make --no-print-directory lab-logs >"$work/logs"
for server in 'Kafka Server started' 'database system is ready'; do
  grep -q "$server" "$work/logs" || fail "make lab-logs does not say '$server'"
done
for container in $(docker ps -q); do
  is "$(docker exec "$container" sh -c 'test "$(id -u)" -ne 0 && echo no')" no "root in $container"
  docker exec "$container" sh -c 'touch /opt/written' 2>/dev/null && fail "$container can write its root file system"
done

echo '== lab 1 and a storm inside: the verdicts that they have natively'
is "$(inside crashwindow run 01 --seed 7 --json | verdict)" violated 'lab 1, broken,'
is "$(inside crashwindow run 01 --consumer fixed --seed 7 --json | verdict)" held 'lab 1, fixed,'
inside crashwindow storm 04 --seconds 27 --rate 1000 --seed 7 --json >"$work/storm" || true
is "$(verdict <"$work/storm")" held 'the storm'

echo '== the machine sees it, too: lab 1 from outside'
is "$(target/debug/crashwindow run 01 --consumer fixed --stack compose --seed 7 --json | verdict)" held 'lab 1, from outside,'

echo '== images to one file and back'
make --no-print-directory lab-images "IMAGES=$work/images.tar"
make --no-print-directory lab-load "IMAGES=$work/images.tar"
rm "$work/images.tar"

echo '== make lab-down'
make --no-print-directory lab-down
leaves_nothing
[ -n "$(docker volume ls -q --filter "name=${project}_lab")" ] || fail 'the results are gone'

if [ "${1:-}" != one ]; then
  echo '== three brokers, and one that stops in a storm'
  make --no-print-directory lab-reset
  CRASHWINDOW_CLUSTER=yes make --no-print-directory lab-up >"$work/up"
  grep 'ready after' "$work/up"
  inside crashwindow storm 04 --seconds 36 --rate 500 --seed 7 --json >"$work/cluster" || true
  is "$(verdict <"$work/cluster")" held 'the storm over three brokers'
  lost_none "$work/cluster"
  really_stopped "$work/cluster" || fail 'the broker was not stopped'
  # Of what is not so, the same question is answered with no.
  other=$(sed 's/"kafka1"/"kafka2"/; t; s/"kafka[23]"/"kafka1"/' "$work/cluster")
  ! really_stopped <(echo "$other") 2>/dev/null || fail 'another broker passes for the one that was stopped'
  ! really_stopped "$work/storm" 2>/dev/null || fail 'a storm over one broker passes for one that stopped it'
  CRASHWINDOW_CLUSTER=yes make --no-print-directory lab-down
  leaves_nothing
fi

make --no-print-directory lab-reset
[ -z "$(docker volume ls -q --filter "name=$project")" ] || fail 'volumes are left after lab-reset'
echo 'the lab in Docker: passed'
