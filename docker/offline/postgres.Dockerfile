# A stand-in for postgres: the same version, from Maven.
ARG BASE
FROM ${BASE}
COPY postgres/ /opt/postgres/
ENV PATH=/opt/postgres/bin:/usr/bin:/bin
USER 999:999
