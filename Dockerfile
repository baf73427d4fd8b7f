# The images of a Millrace cluster. `docker build --target worker .`; compose.yaml builds all it needs.
# The packages are those of scripts/packages, installed by the script that a development machine uses.

FROM swift:6.3-bookworm AS build
WORKDIR /source
COPY scripts/install-packages scripts/packages scripts/
RUN scripts/install-packages build
COPY scripts/build scripts/require-swift scripts/
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN scripts/build --static && strip .build/static/release/millrace .build/static/release/millrace-encoder

FROM debian:bookworm-slim AS debian
COPY scripts/install-packages scripts/packages /opt/millrace/scripts/

FROM debian AS worker
RUN /opt/millrace/scripts/install-packages run && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 8085 --home-dir /nonexistent --shell /usr/sbin/nologin millrace \
  && install -d -o millrace /storage/streams
COPY --from=build /source/.build/static/release/millrace /source/.build/static/release/millrace-encoder /usr/local/bin/
COPY config/profiles.yaml /opt/millrace/config/profiles.yaml
WORKDIR /opt/millrace
USER millrace
EXPOSE 8085
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --retries=3 CMD ["millrace", "healthcheck"]
ENTRYPOINT ["millrace"]
CMD ["serve"]

FROM debian AS pulsar
RUN /opt/millrace/scripts/install-packages pulsar \
  && pip install --no-deps --target /pulsar pulsar-client==3.13.0 \
  && mv /pulsar/pulsar_client.libs/libpulsar-*.so /pulsar/libpulsar.so

FROM worker AS pulsar-bridge
COPY --from=pulsar /pulsar/libpulsar.so /opt/millrace/lib/libpulsar.so
ENV PULSAR_LIBRARY=/opt/millrace/lib/libpulsar.so
EXPOSE 9090
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --retries=3 CMD ["millrace", "healthcheck", "--port=9090"]
CMD ["pulsar-bridge"]

FROM debian AS balancer
RUN /opt/millrace/scripts/install-packages balancer && rm -rf /var/lib/apt/lists/*
COPY config/haproxy /etc/millrace-balancer
ENV BALANCER_BIND=:8085
USER haproxy
EXPOSE 8085
ENTRYPOINT ["haproxy", "-db", "-f", "/etc/millrace-balancer/haproxy.cfg", "-f", "/etc/millrace-balancer/workers.cfg"]

FROM debian AS demo
RUN /opt/millrace/scripts/install-packages demo && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 8086 --home-dir /nonexistent --shell /usr/sbin/nologin demo
COPY scripts/demo-source scripts/demo-devices /opt/millrace/scripts/
USER demo
EXPOSE 8090
ENTRYPOINT ["/opt/millrace/scripts/demo-source", "--host", "0.0.0.0", "--port", "8090"]
