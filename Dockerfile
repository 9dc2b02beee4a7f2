# One image for every role: `airlock up` by default, `airlock worker` and `airlock operations` in a cluster.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ENV CGO_ENABLED=0 GOFLAGS=-buildvcs=false
RUN make build

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates tesseract-ocr \
    && rm -rf /var/lib/apt/lists/*
# The home is the data directory, for this user only: it has the credentials' master key and machine code that is run.
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/airlock airlock \
    && chmod 700 /var/lib/airlock
COPY --from=build /src/bin/airlock /usr/local/bin/airlock
COPY --from=build /src/.build/guests/counter /usr/share/airlock/extensions/counter
COPY --from=build /src/.build/guests/finance /usr/share/airlock/extensions/finance
COPY --from=build /src/examples/mail /usr/share/airlock/mail
USER airlock
WORKDIR /var/lib/airlock
ENV AIRLOCK_DATA_DIR=/var/lib/airlock
VOLUME /var/lib/airlock
ENTRYPOINT ["airlock"]
CMD ["up"]
