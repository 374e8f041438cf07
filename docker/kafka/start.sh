#!/bin/sh
# Starts one broker of docker/compose.yaml: the settings of every stack, and after them what differs
# from broker to broker. A later line wins over the same setting above it.
#
# The images have entrypoints of their own, each with its own way to be configured; this one needs only
# the jars in /opt/kafka/libs and a Java.
#
#   BROKER_ID    1 to 3; the broker's host is `kafka1` to `kafka3`
#   BROKERS      how many there are: 1, or 3 with the profile `cluster`
#   HOST_PORT    the loopback port of the machine that leads to this broker
#
# A storm in the lab's container stops the broker: it writes for how many seconds into the pipe
# /switches/kafka1 (2, 3). Here it is stopped, and started again whatever becomes of the lab.
set -eu

settings=/tmp/server.properties
{
  cat /crashwindow/server.properties
  printf '\n'
  printf '%s\n' \
    "node.id=$BROKER_ID" \
    'listener.security.protocol.map=CLIENT:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT' \
    'listeners=CLIENT://0.0.0.0:9092,HOST://0.0.0.0:19092,CONTROLLER://0.0.0.0:9093' \
    "advertised.listeners=CLIENT://kafka$BROKER_ID:9092,HOST://127.0.0.1:$HOST_PORT" \
    'log.dirs=/var/lib/kafka/data/log'
  if [ "$BROKERS" = 3 ]; then
    # A broker may be gone, and what is acknowledged is on the two others.
    printf '%s\n' \
      'controller.quorum.voters=1@kafka1:9093,2@kafka2:9093,3@kafka3:9093' \
      'default.replication.factor=3' \
      'min.insync.replicas=2' \
      'offsets.topic.replication.factor=3' \
      'transaction.state.log.replication.factor=3' \
      'transaction.state.log.min.isr=2' \
      'share.coordinator.state.topic.replication.factor=3' \
      'share.coordinator.state.topic.min.isr=2'
  else
    printf '%s\n' 'controller.quorum.voters=1@kafka1:9093'
  fi
} >"$settings"

flags='-cp /opt/kafka/libs/* -Dlog4j2.configurationFile=/crashwindow/log4j2.properties
  -XX:TieredStopAtLevel=1'
# The shell must leave the star to Java, and no flag has a space in it.
set -f

# The brokers of a cluster must agree on its id: 16 bytes in base 64.
# shellcheck disable=SC2086 # a list of words
java $flags kafka.tools.StorageTool format --ignore-formatted \
  --cluster-id Y3Jhc2h3aW5kb3ctbGFiIQ --config "$settings"

pipe=/switches/kafka$BROKER_ID
[ -p "$pipe" ] || mkfifo -m 622 "$pipe"
# For reading and writing: whoever else writes always finds a reader, and it never comes to an end.
exec 3<>"$pipe"

trap 'kill "$broker" 2>/dev/null || true; wait "$broker" || true; exit 143' TERM INT
while true; do
  # With the memory that it has natively; src/stack/servers.rs says why.
  # shellcheck disable=SC2086 # a list of words
  java $flags -Xms256m -Xmx512m -XX:+UseSerialGC kafka.Kafka "$settings" 3>&- &
  broker=$!
  rm -f /tmp/stopped
  {
    read -r seconds <&3
    echo "$seconds" >/tmp/stopped
    kill "$broker"
  } &
  code=0
  wait "$broker" || code=$?
  # It ended by itself, and so does the container.
  [ -f /tmp/stopped ] || exit "$code"
  seconds=$(cat /tmp/stopped)
  echo "broker $BROKER_ID was stopped by a storm, for $seconds s"
  # Not in the foreground, where it would hold up the container's own end.
  sleep "$seconds" &
  wait $! || true
done
