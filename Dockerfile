# One target for each part; `make images` builds them all, after `make bundle` has made what is copied (docs/images.md).
# A base needs Node 24 on its PATH or in /nodejs/bin, and glibc; it needs no shell, no package manager and no user entry.
ARG BASE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BASE} AS runtime
ARG BASE
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.vendor="Sekisho" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${BASE}"
ENV PATH=/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production
# A folder that is there in every base: one that WORKDIR made would carry the time of the build into a layer.
WORKDIR /
# A number, so that the kubelet can tell that it is not root (runAsNonRoot) without reading /etc/passwd.
USER 65532:65532
ENTRYPOINT ["node", "--enable-source-maps", "/app/dist/main.js"]

FROM runtime AS operator
LABEL org.opencontainers.image.title="sekisho-operator" \
      org.opencontainers.image.description="Turns ServiceAuthPolicy into Istio policies and keeps them so"
COPY dist/operator/bundle/ /

FROM runtime AS auth
LABEL org.opencontainers.image.title="sekisho-auth" \
      org.opencontainers.image.description="Accounts, log-in, OAuth 2 and OpenID Connect, keys and revocations"
COPY dist/auth/packages/ /
COPY dist/auth/bundle/ /

FROM runtime AS guard
LABEL org.opencontainers.image.title="sekisho-guard" \
      org.opencontainers.image.description="The ext_authz server: exchanges a user's token at the edge, stops what is revoked"
COPY dist/guard/bundle/ /

FROM runtime AS cli
LABEL org.opencontainers.image.title="sekisho" \
      org.opencontainers.image.description="The command sekisho"
COPY dist/cli/bundle/ /

FROM runtime AS user
LABEL org.opencontainers.image.title="sekisho-sample-user" \
      org.opencontainers.image.description="Sample: user profiles"
COPY dist/user/bundle/ /

FROM runtime AS bucket
LABEL org.opencontainers.image.title="sekisho-sample-bucket" \
      org.opencontainers.image.description="Sample: bucket-list items"
COPY dist/bucket/bundle/ /

FROM runtime AS notification
LABEL org.opencontainers.image.title="sekisho-sample-notification" \
      org.opencontainers.image.description="Sample: notes that services leave for users"
COPY dist/notification/bundle/ /

FROM runtime AS file
LABEL org.opencontainers.image.title="sekisho-sample-file" \
      org.opencontainers.image.description="Sample: files of users, uploaded and downloaded as streams"
COPY dist/file/bundle/ /

FROM runtime AS web
LABEL org.opencontainers.image.title="sekisho-sample-web" \
      org.opencontainers.image.description="Sample: a page that logs in by OpenID Connect and calls services"
COPY dist/web/packages/ /
COPY dist/web/bundle/ /
