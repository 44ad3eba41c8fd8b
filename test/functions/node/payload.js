// Shows the payload of the context.
const shown = (payload) => (Buffer.isBuffer(payload) ? { buffer: payload.toString() } : payload)

exports.handler = async (event, context) => ({ statusCode: 200, body: JSON.stringify(shown(context.getPayload())) })

exports.raw = async (event, context) => shown(context.getPayload())
