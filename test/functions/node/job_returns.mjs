import { start } from 'fnbox/serverless'

// What the input says is returned or thrown.
class Mishap extends RangeError {}

class Answer {
  error = 'kept'
  x = 1
}

const circle = {}
circle.self = circle

const kept = { error: 'boom', refreshWorker: true, x: 1 }

const deeds = {
  'string': () => 'text ä',
  'number': () => 7.5,
  'bool': () => true,
  'list': () => [1, [2]],
  'null': () => null,
  'undefined': () => undefined,
  'object': () => ({ a: 1 }),
  'output': () => ({ output: { a: 1 } }),
  'deeper': () => ({ a: { error: 'b', refreshWorker: true } }),
  'snake': () => ({ refresh_worker: true }),
  'class': () => new Answer(),
  '{}': () => ({}),
  'bare {}': () => Object.create(null),
  'error': () => ({ error: 'boom' }),
  'error and x': () => ({ error: 'boom', x: 1 }),
  "error ''": () => ({ error: '' }),
  'error null': () => ({ error: null }),
  'error undefined': () => ({ error: undefined }),
  'error 0 and x': () => ({ error: 0, x: 1 }),
  'error NaN': () => ({ error: NaN }),
  'error object': () => ({ error: { code: 7 } }),
  'error []': () => ({ error: [] }),
  'error Error': () => ({ error: new Mishap('of an Error') }),
  'error Error without message': () => ({ error: new Mishap() }),
  'error circle': () => ({ error: circle }),
  'error and circle': () => ({ error: 'boom', x: circle }),
  'refresh': () => ({ refreshWorker: true }),
  'refresh and x': () => ({ refreshWorker: true, x: 1 }),
  'refresh false': () => ({ refreshWorker: false, x: 1 }),
  'kept': () => kept,
  'kept afterwards': () => Object.keys(kept),
  'throws': () => {
    throw new Mishap('m')
  },
  'throws text': () => {
    throw 'just text'
  },
  'throws object': () => {
    throw { code: 7 }
  },
  'throws nothing': () => {
    throw undefined
  },
  'aborts': (job, { signal }) => {
    signal.throwIfAborted()
    throw new DOMException('gone', 'AbortError')
  },
  'bigint': () => 7n,
  'refresh and bigint': () => ({ refreshWorker: true, x: 7n }),
  'throws bare': () => {
    throw Object.create(null)
  },
  'nested bigint': () => ({ a: [7n] }),
  'circle': () => circle,
  'function': () => () => 1,
  'symbol': () => Symbol('s'),
  'throwing toJSON': () => ({
    toJSON() {
      throw new Mishap('not this')
    },
  }),
  'nan': () => [NaN, Infinity],
  'dates': () => new Date(0),
  'large': () => 'x'.repeat(4_000_000),
  'huge': () => 'x'.repeat(70_000_000),
  'huge error': () => ({ error: 'x'.repeat(70_000_000) }),
  'exit': () => process.exit(3),
  'kill': () => process.kill(process.pid, 'SIGKILL'),
  'uncaught': () =>
    new Promise(() => {
      setImmediate(() => {
        throw new Mishap('later')
      })
    }),
  'unhandled': () => {
    void Promise.reject(new Mishap('elsewhere'))
    return new Promise(() => {})
  },
  'job': (job) => job,
}

const act = (job, context) => {
  process.stdout.write(`did ${job.input}\n`)
  return deeds[job.input](job, context)
}

await start({ handler: process.argv[2] === 'async' ? async (job, context) => act(job, context) : act })
