# The images that function images are built FROM:
#
#   docker build --target node   -t fnbox:node .      Node.js functions, with npm
#   docker build --target python -t fnbox:python .    Python functions, with pip
#   docker build --target full   -t fnbox:full .      both, and Bash functions, with jq

ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${NODE_IMAGE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends tini
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM ${NODE_IMAGE} AS compiled
WORKDIR /function/runtime
COPY LICENSE runtime ./
COPY --from=build /build/dist dist
RUN install -d -o 65532 compiled
# V8's cache is bound to the paths of the files and to the user.
USER 65532
RUN node dist/compile.js && chmod -R a+rX compiled

# All that fnbox adds to a base image.
FROM scratch AS fnbox
COPY --from=compiled --chown=0:0 /function/runtime /function/runtime
COPY --from=build /usr/bin/tini-static /usr/local/bin/tini
COPY entrypoint.sh /

FROM ${NODE_IMAGE} AS node
COPY --from=fnbox / /
# The name is for programs that ask who they are; the folders are for the build of a function and for what the server keeps.
RUN groupadd --gid 65532 fnbox \
 && useradd --uid 65532 --gid fnbox --no-create-home --home-dir /tmp --shell /usr/sbin/nologin fnbox \
 && install -d -o 65532 -g 65532 /function/code /var/lib/fnbox
LABEL org.opencontainers.image.title=fnbox \
      org.opencontainers.image.description="Runs file.handler functions as Yandex Cloud Functions would" \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=0.1.0
ENV FNBOX_HOST=0.0.0.0 FNBOX_ROOT=/function/code FNBOX_DATA_DIR=/var/lib/fnbox
WORKDIR /function/code
VOLUME /var/lib/fnbox
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "/function/runtime/dist/health.js"]
ENTRYPOINT ["/entrypoint.sh"]
CMD ["index.handler"]

FROM ${PYTHON_IMAGE} AS python
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=fnbox / /
# Whoever runs it cannot write there: each instance would compile it anew.
RUN python3 -m compileall -q /function/runtime/python
RUN groupadd --gid 65532 fnbox \
 && useradd --uid 65532 --gid fnbox --no-create-home --home-dir /tmp --shell /usr/sbin/nologin fnbox \
 && install -d -o 65532 -g 65532 /function/code /var/lib/fnbox
LABEL org.opencontainers.image.title=fnbox \
      org.opencontainers.image.description="Runs file.handler functions as Yandex Cloud Functions would" \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=0.1.0
ENV FNBOX_HOST=0.0.0.0 FNBOX_ROOT=/function/code FNBOX_DATA_DIR=/var/lib/fnbox
WORKDIR /function/code
VOLUME /var/lib/fnbox
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "/function/runtime/dist/health.js"]
ENTRYPOINT ["/entrypoint.sh"]
CMD ["index.handler"]

FROM python AS full
USER 0
COPY --from=build /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && apt-get update \
 && apt-get install -y --no-install-recommends jq \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
USER 65532:65532
