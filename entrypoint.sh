#!/bin/sh
# The first process of a function's container: an init, which reaps orphans and passes signals on, and under it the server.
# The handler is its argument; FNBOX_HANDLER comes in the place of the image's own default.
[ "$*" = index.handler ] && [ -n "${FNBOX_HANDLER:-}" ] && shift
exec tini -s -- node /function/runtime/dist/main.js "$@"
