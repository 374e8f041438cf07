# A stand-in for apache/kafka: the same jars, from Maven, and Debian's Java.
ARG BASE
FROM ${BASE}
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 --no-create-home kafka \
 && install -d -o 1000 -g 1000 /var/lib/kafka/data
COPY jars/ /opt/kafka/libs/
USER 1000:1000
