#!/bin/sh
# Deploys a function image as a new revision of a serverless container, which is created when it is missing.
#
#   IMAGE=cr.yandex/REGISTRY/hello:1 NAME=hello SERVICE_ACCOUNT_ID=aje… ./deploy.sh [flags of `yc … revision deploy`]
#
# HANDLER            the function, as file.handler (default: what the image's CMD says)
# TIMEOUT            seconds that a call may take (10)
# START_TIMEOUT      seconds that the first call may wait for the function to be loaded (30)
# INSTANCES          processes in one container, so calls that it takes at a time (1)
# FUNCTION_MEMORY    MB for each of them (128)
# MEMORY             MB of the container (128 for fnbox, and INSTANCES x FUNCTION_MEMORY)
# CORES, CORE_FRACTION, MIN_INSTANCES    as in `yc` (1, 100, 0); MIN_INSTANCES counts containers
# PUBLIC             true: everybody may call; otherwise who may call stays as it is
set -eu

: "${IMAGE:?must name an image in a Yandex registry}" "${NAME:?must be the name of the container}"
: "${SERVICE_ACCOUNT_ID:?must be who pulls the image, and whose token the function gets}"
TIMEOUT=${TIMEOUT:-10}
START_TIMEOUT=${START_TIMEOUT:-30}
INSTANCES=${INSTANCES:-1}
FUNCTION_MEMORY=${FUNCTION_MEMORY:-128}

# The platform's timeout counts everything: the start of the container (10 s are for it), the loading, the call.
execution_timeout=$((10 + START_TIMEOUT + TIMEOUT))
memory=${MEMORY:-$((128 + INSTANCES * FUNCTION_MEMORY))}

yc serverless container get --name "$NAME" >/dev/null 2>&1 || yc serverless container create --name "$NAME"

if [ -n "${HANDLER:-}" ]; then set -- --args "$HANDLER" "$@"; fi

yc serverless container revision deploy \
  --container-name "$NAME" \
  --image "$IMAGE" \
  --service-account-id "$SERVICE_ACCOUNT_ID" \
  --cores "${CORES:-1}" \
  --core-fraction "${CORE_FRACTION:-100}" \
  --memory "${memory}MB" \
  --concurrency "$INSTANCES" \
  --min-instances "${MIN_INSTANCES:-0}" \
  --execution-timeout "${execution_timeout}s" \
  --environment "FNBOX_TIMEOUT=${TIMEOUT}s" \
  --environment "FNBOX_INIT_TIMEOUT=${START_TIMEOUT}s" \
  --environment "FNBOX_QUEUE_TIMEOUT=${START_TIMEOUT}s" \
  --environment "FNBOX_INSTANCES=$INSTANCES" \
  --environment "FNBOX_MEMORY=${FUNCTION_MEMORY}MB" \
  --environment "FNBOX_TOKEN_URL=http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token" \
  "$@"

if [ "${PUBLIC:-}" = true ]; then yc serverless container allow-unauthenticated-invoke --name "$NAME"; fi

yc serverless container get --name "$NAME"
