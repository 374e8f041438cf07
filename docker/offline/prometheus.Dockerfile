# A stand-in for prom/prometheus: Debian's, which the base has.
ARG BASE
FROM ${BASE}
USER 65534:65534
