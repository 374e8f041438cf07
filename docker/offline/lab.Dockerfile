# The lab's image as docker/Dockerfile makes it, of programs that this machine has built.
ARG BASE
FROM ${BASE}
COPY out/ /opt/crashwindow/
ENV PATH=/opt/crashwindow/bin:/usr/bin:/bin \
    CRASHWINDOW_CACHE=/var/lib/crashwindow \
    XDG_DATA_HOME=/var/lib/crashwindow/answers
WORKDIR /opt/crashwindow
USER 10001:10001
VOLUME /var/lib/crashwindow
ENTRYPOINT ["crashwindow"]
CMD ["serve", "--listen", "0.0.0.0"]
