# The images for those who have Docker; `make image` makes the same without it.
#
#   docker build --target nodeagent --tag localhost/nodeaudit/nodeagent:dev .
#   docker build --target controller --tag localhost/nodeaudit/controller:dev .

FROM --platform=$BUILDPLATFORM golang:1.26.8 AS build
ARG TARGETARCH
ARG VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY api/ api/
COPY cmd/ cmd/
COPY controllers/ controllers/
COPY internal/ internal/
COPY nodeagent/ nodeagent/
ENV CGO_ENABLED=0 GOOS=linux GOARCH=$TARGETARCH
RUN go build -tags grpcnotrace -trimpath -buildvcs=false -ldflags "-s -w -X github.com/nodeaudit/nodeaudit/internal/version.Version=$VERSION" \
    -o /out/ ./cmd/controller ./cmd/nodeagent ./cmd/earlyrules

FROM scratch AS base
LABEL org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.source=https://github.com/nodeaudit/nodeaudit \
      org.opencontainers.image.vendor=nodeaudit

FROM base AS controller
LABEL org.opencontainers.image.title="nodeaudit controller: makes audit policies into every node's configuration"
COPY --from=build /out/controller /controller
USER 65532:65532
ENTRYPOINT ["/controller"]

# Root, because the kernel gives the audit capabilities to nobody else; which of root's powers it keeps says the chart.
FROM base AS nodeagent
LABEL org.opencontainers.image.title="nodeaudit agent: makes a node's audit rules match its policies"
COPY --from=build /out/nodeagent /out/earlyrules /
USER 0:0
ENTRYPOINT ["/nodeagent"]
