import { setTimeout as sleep } from 'node:timers/promises'
import { start } from 'fnbox/serverless'

// What the input says is yielded; whoever asks with `closed` hears whose `finally` blocks have run since.
const closed = []

const deeds = {
  *normal() {
    yield 'first'
    yield 'last'
    return 'discarded'
  },
  *nothing() {},
  *uninterpreted() {
    yield 'first'
    yield { error: '' }
    yield { refreshWorker: true }
    yield undefined
    yield 'last'
  },
  *error() {
    yield 'first'
    yield { error: 'boom' }
    yield 'never'
  },
  *'error object'() {
    yield 'first'
    yield { error: { code: 7 } }
  },
  *'error Error'() {
    yield { error: new RangeError('of an Error') }
  },
  *throws() {
    yield 'first'
    throw new RangeError('late')
  },
  *'throws at once'() {
    throw new RangeError('early')
  },
  *bigint() {
    yield 'first'
    yield 7n
    yield 'never'
  },
  *function() {
    yield () => 1
  },
  *exits() {
    yield 'first'
    process.exit(3)
  },
  *forever() {
    for (;;) yield 'x'.repeat(100_000)
  },
  *huge() {
    yield 'x'.repeat(70_000_000)
  },
  *'fails when closed'() {
    try {
      yield { error: 'boom' }
    } finally {
      throw new RangeError('in finally')
    }
  },
  *busy() {
    for (;;) yield ''
  },
  *closed() {
    yield* closed.splice(0)
  },
}

function* sync({ input }) {
  try {
    yield* deeds[input]()
  } finally {
    if (input !== 'closed') closed.push(input)
  }
}

async function* async({ input }, { signal }) {
  try {
    if (input === 'waits') {
      yield 'waiting'
      await sleep(600_000, undefined, { signal })
    } else if (input === 'ignores') {
      yield 'waiting'
      await new Promise((settle) => signal.addEventListener('abort', settle))
      await null
      yield 'dropped'
      yield 'never'
    } else yield* deeds[input]()
  } finally {
    await null
    if (input !== 'closed') closed.push(input)
  }
}

const [kind, flag] = process.argv.slice(2)
await start({ handler: kind === 'async' ? async : sync, returnAggregateStream: flag === 'aggregate' })
