// Begins a stream, so that it is known to run, and waits in it until it is cancelled.
exports.handler = async function* (event, { signal }) {
  yield 'waiting'
  if (!signal.aborted) await new Promise((settle) => signal.addEventListener('abort', settle))
}
