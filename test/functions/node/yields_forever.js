// Streams 100 000 bytes at a time without an end; when asked `closed` it tells how many streams were closed so far.
let closed = 0

function* forever() {
  try {
    for (;;) yield 'x'.repeat(100_000)
  } finally {
    closed += 1
  }
}

async function* foreverAsynchronously() {
  yield* forever()
}

exports.handler = (event) => (event === 'closed' ? closed : forever())
exports.asynchronous = (event) => (event === 'closed' ? closed : foreverAsynchronously())
