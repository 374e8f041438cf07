# A stand-in for apache/kafka: the same jars, from Maven, and Debian's Java.
ARG BASE
FROM ${BASE}
COPY jars/ /opt/kafka/libs/
USER 1000:1000
