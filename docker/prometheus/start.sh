#!/bin/sh
# Starts the Prometheus of docker/compose.yaml, which shares the lab's network: the dashboard is at the
# same loopback address there, on the port that the machine knows it by.
#
#   DASHBOARD_PORT    that port
set -eu

cp /crashwindow/rules.yml /crashwindow/alerts.yml /tmp
sed "s/127\.0\.0\.1:7878/127.0.0.1:$DASHBOARD_PORT/" /crashwindow/prometheus.yml >/tmp/prometheus.yml
exec prometheus --config.file=/tmp/prometheus.yml --storage.tsdb.path=/prometheus \
  --storage.tsdb.retention.time=1d --web.listen-address=0.0.0.0:9090 --log.level=warn
