// The whole HTTP request is in `event`; what is returned is the whole answer.
exports.handler = async function (event, context) {
  const name = event.queryStringParameters.name ?? 'World'
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      message: `Hello, ${name}!`,
      method: event.httpMethod,
      requestId: context.requestId,
      remainingMs: context.getRemainingTimeInMillis(),
    }),
  }
}

// A generator streams: each value leaves when it is yielded.
exports.countdown = async function* () {
  for (let left = 3; left > 0; left--) {
    yield `${left}\n`
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  yield 'lift-off\n'
}
