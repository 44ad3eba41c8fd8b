// Takes and gives bodies of any size.
exports.length = async (payload) => (typeof payload === 'string' ? payload.length : payload.payload.length)

exports.text = async ({ length }) => 'x'.repeat(length)

exports.mirror = async (event) => ({
  statusCode: 200,
  headers: { 'Content-Type': event.headers['Content-Type'] },
  body: event.body,
  isBase64Encoded: event.isBase64Encoded,
})
