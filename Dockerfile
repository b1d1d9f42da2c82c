# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin watchbell && cp target/release/watchbell /watchbell
# The volume belongs to the unprivileged user from its first mount on.
RUN mkdir /data && chown 65532:65532 /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /watchbell /usr/local/bin/watchbell
COPY --from=build --chown=65532:65532 /data /data
ENV WATCHBELL_LISTEN=0.0.0.0:8380 WATCHBELL_DATA_DIR=/data
USER 65532:65532
VOLUME /data
EXPOSE 8380
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/usr/local/bin/watchbell", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/watchbell"]
