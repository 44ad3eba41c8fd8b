// Uses what a context has besides its data.
export const handler = async (event, context) => {
  const { getPayload, getRemainingTimeInMillis, signal } = context
  const payload = getPayload()
  return {
    keys: Object.keys(context).sort(),
    payload: Buffer.isBuffer(payload) ? { buffer: payload.toString() } : payload,
    remaining: getRemainingTimeInMillis() > 0,
    aborted: signal.aborted,
    arguments: handler.length,
  }
}
