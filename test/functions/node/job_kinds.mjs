import { start } from 'fnbox/serverless'

// What the first argument says is the handler.
class Callable {
  async *handle({ input }) {
    yield* input
  }
}

const iterator = (values) => {
  const left = [...values]
  return {
    next: () => (left.length === 0 ? { done: true, value: undefined } : { done: false, value: left.shift() }),
    [Symbol.iterator]() {
      return this
    },
  }
}

const handlers = {
  function: ({ input }) => input,
  'async function': async ({ input }) => input,
  'function that returns a thenable': ({ input }) => ({ then: (resolve) => resolve(input) }),
  *generator({ input }) {
    yield* input
  },
  async *'async generator'({ input }) {
    yield* input
  },
  'function that returns a generator': ({ input }) => handlers.generator({ input }),
  'async function that returns a generator': async ({ input }) => handlers.generator({ input }),
  'async function that returns an async generator': async ({ input }) => handlers['async generator']({ input }),
  'function that returns an iterator': ({ input }) => iterator(input),
  'function that returns an async iterable': ({ input }) => ({
    [Symbol.asyncIterator]: () => handlers['async generator']({ input }),
  }),
  'function that returns a stream': ({ input }) => ReadableStream.from(input),
  'bound method': new Callable().handle.bind(new Callable()),
  'generator of promises': function* ({ input }) {
    for (const each of input) yield Promise.resolve(each)
  },
  'array': ({ input }) => [input],
  'string': () => 'text',
  'map': () => new Map([[1, 2]]),
  'typed array': () => new Uint8Array([1, 2]),
  'object with next alone': () => ({ next: 1 }),
}

await start({ handler: handlers[process.argv[2]] })
