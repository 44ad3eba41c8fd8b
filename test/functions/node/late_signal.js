// Looks at `context.signal` for the first time after a cancellation: until then its stream waits for credit.
exports.handler = async function* (event, context) {
  try {
    yield 'x'.repeat(300_000)
  } finally {
    console.log(`aborted: ${context.signal.aborted} ${context.signal.reason?.name}`)
  }
}
