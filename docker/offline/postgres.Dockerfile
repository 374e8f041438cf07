# A stand-in for postgres: the same version, from Maven.
ARG BASE
FROM ${BASE}
RUN groupadd --gid 999 postgres \
 && useradd --uid 999 --gid 999 --no-create-home postgres \
 && install -d -o 999 -g 999 /var/lib/postgresql
COPY postgres/ /opt/postgres/
ENV PATH=/opt/postgres/bin:/usr/bin:/bin
USER 999:999
