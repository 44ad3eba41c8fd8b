// What the job_* scripts of each language do, and what becomes of their jobs: the tables of jobs.test.

interface Facts {
  /** a handler that gives back its input, and what an input that is nested too deep gives */
  readonly plain: string
  readonly tooDeep: string
  readonly unserved: readonly (readonly [how: string, message: string])[]
  readonly twice: RegExp
  /** what handlers print when their instance stops, without and with a running one */
  readonly stopped: readonly [string, string]
  readonly streams: readonly string[]
  readonly results: readonly (readonly [kind: string, output: unknown])[]
  readonly values: readonly (readonly [what: string, output: unknown])[]
  readonly controls: readonly (readonly [what: string, header: object, output: unknown])[]
  readonly errors: readonly (readonly [what: string, type: string, message: string, traceback: RegExp])[]
  readonly unserialisable: readonly (readonly [what: string, text: string])[]
  readonly exits: readonly (readonly [what: string, code: number | string])[]
  readonly generators: readonly (readonly [
    what: string,
    flags: string[],
    chunks: readonly unknown[],
    header: object,
  ])[]
  readonly generatorErrors: readonly (readonly [
    what: string,
    chunks: readonly unknown[],
    message: string,
    traceback: string,
  ])[]
  readonly generatorUnserialisable: readonly (readonly [
    what: string,
    chunks: readonly unknown[],
    text: string,
  ])[]
  readonly generatorExits: readonly (readonly [what: string, code: number])[]
  /** what `closed` yields behind the name of the generator that was closed */
  readonly tail: readonly string[]
  readonly modifiers: readonly (readonly [how: string, text: string])[]
  readonly thirdProgress: string
  readonly unfit: RegExp
}

const node: Facts = {
  plain: 'function',
  tooDeep: 'the handler returned a value *',
  unserved: [
    ...['ends', 'waits for nothing', 'ends later'].map(
      (how) =>
        [
          how,
          'job_never_starts.mjs ended without serving: it has to call start({ handler }) of fnbox/serverless',
        ] as const,
    ),
    ['no handler', 'start() needs { handler } with a function'],
    ['not callable', 'start() needs { handler } with a function'],
    ['throws', 'not today'],
    ['throws later', 'not today'],
  ],
  twice: /start\(\) was called a second time in this program/,
  stopped: ['start() has settled\n', 'started\nreleased AbortError\nstart() has settled\n'],
  streams: [
    'generator',
    'async generator',
    'function that returns a generator',
    'async function that returns a generator',
    'async function that returns an async generator',
    'function that returns an iterator',
    'function that returns an async iterable',
    'function that returns a stream',
    'bound method',
    'generator of promises',
  ],
  results: [
    ['function', [1]],
    ['async function', [1]],
    ['function that returns a thenable', [1]],
    ['array', [[1]]],
    ['string', 'text'],
    ['map', {}],
    ['typed array', { 0: 1, 1: 2 }],
    ['object with next alone', { next: 1 }],
  ],
  values: [
    ['string', 'text ä'],
    ['number', 7.5],
    ['bool', true],
    ['list', [1, [2]]],
    ['null', null],
    ['undefined', null],
    ['object', { a: 1 }],
    ['output', { output: { a: 1 } }],
    ['deeper', { a: { error: 'b', refreshWorker: true } }],
    ['snake', { refresh_worker: true }],
    ['class', { error: 'kept', x: 1 }],
    ['nan', [null, null]],
    ['dates', '1970-01-01T00:00:00.000Z'],
  ],
  controls: [
    ['{}', { undefined: true }, undefined],
    ['bare {}', { undefined: true }, undefined],
    ['error', { undefined: true, error: 'boom' }, undefined],
    ['error and x', { error: 'boom' }, { x: 1 }],
    ["error ''", { undefined: true }, undefined],
    ['error null', { undefined: true }, undefined],
    ['error undefined', { undefined: true }, undefined],
    ['error 0 and x', {}, { x: 1 }],
    ['error NaN', { undefined: true }, undefined],
    ['error object', { undefined: true, error: '{"code":7}' }, undefined],
    ['error []', { undefined: true, error: '[]' }, undefined],
    ['error Error', { undefined: true, error: 'of an Error' }, undefined],
    ['error Error without message', { undefined: true, error: 'Mishap' }, undefined],
    ['error circle', { undefined: true, error: '[object Object]' }, undefined],
    ['error and circle', { undefined: true, error: 'boom' }, undefined],
    ['refresh', { undefined: true, refresh: true }, undefined],
    ['refresh and x', { refresh: true }, { x: 1 }],
    ['refresh false', {}, { x: 1 }],
  ],
  errors: [
    ['throws', 'Mishap', 'm', / {4}at .*job_returns\.mjs:\d+/],
    ['throws text', 'String', 'just text', /^$/],
    ['throws object', 'Object', '{"code":7}', /^$/],
    ['throws nothing', 'undefined', 'undefined', /^$/],
    ['throws bare', 'Object', '{}', /^$/],
    ['aborts', 'DOMException', 'gone', / {4}at .*job_returns\.mjs:\d+/],
  ],
  unserialisable: [
    ['bigint', 'BigInt'],
    ['nested bigint', 'BigInt'],
    ['refresh and bigint', 'BigInt'],
    ['circle', 'circular structure'],
    ['function', 'function'],
    ['symbol', 'symbol'],
    ['throwing toJSON', 'not this'],
  ],
  exits: [
    ['exit', 3],
    ['kill', 'SIGKILL'],
    ['uncaught', 1],
    ['unhandled', 1],
  ],
  generators: [
    ['normal', [], ['first', 'last'], {}],
    ['normal', ['aggregate'], ['first', 'last'], { aggregate: true }],
    ['nothing', [], [], {}],
    ['nothing', ['aggregate'], [], { aggregate: true }],
    ['uninterpreted', [], ['first', { error: '' }, { refreshWorker: true }, null, 'last'], {}],
    ['error', ['aggregate'], ['first'], { error: 'boom' }],
    ['error object', [], ['first'], { error: '{"code":7}' }],
    ['error Error', [], [], { error: 'of an Error' }],
  ],
  generatorErrors: [
    ['throws', ['first'], 'late', 'RangeError: late\n    at .*job_streams\\.mjs:'],
    ['throws at once', [], 'early', 'RangeError: early\n    at .*job_streams\\.mjs:'],
  ],
  generatorUnserialisable: [
    ['bigint', ['first'], 'chunk 1: Do not know how to serialize a BigInt'],
    ['function', [], 'chunk 0: Do not know how to serialize a function'],
  ],
  generatorExits: [['exits', 3]],
  tail: [],
  modifiers: [
    [
      'broken',
      'concurrencyModifier gave a value of type string, which is no whole number above 0; concurrency stays 1',
    ],
    ['zero', 'concurrencyModifier gave 0, which is no whole number above 0; concurrency stays 1'],
    ['throws', 'concurrencyModifier threw no; concurrency stays 1'],
  ],
  thirdProgress: 'null',
  unfit: /^fitness check (fit|without a name) failed: RangeError: not today/,
}

const tracebackOfReturns = /^Traceback \(most recent call last\):\n {2}File ".*job_returns\.py"/
const tracebackOfStreams = 'Traceback \\(most recent call last\\):\n  File ".*job_str'

const python: Facts = {
  plain: 'def',
  tooDeep: 'the input is nested too deep*',
  unserved: [
    ['ends', 'job_never_starts.py ended without serving: it has to call runpod.serverless.start(…)'],
    ['no handler', 'start() needs a config with a callable "handler"'],
    ['not callable', 'start() needs a config with a callable "handler"'],
    ['raises', 'not today'],
  ],
  twice: /"<class 'RuntimeError'>"/,
  stopped: ['start() has returned\n', 'started\nreleased\n'],
  streams: [
    'def with yield',
    'async def with yield',
    'bound method',
    'static method',
    'lambda of a generator',
    'wrapper',
    'callable object that yields',
    'async def that returns a generator',
    'async def that returns an async generator',
    'def that returns an iterator',
  ],
  results: [
    ['def', [1]],
    ['async def', [1]],
    ['callable object', [1]],
    ['partial', ['option', [1]]],
    ['def that returns an awaitable', 'awaited'],
    ['list', [1]],
    ['tuple', [1]],
    ['dict', { 1: 1 }],
    ['string', 'text'],
  ],
  values: [
    ['string', 'text ä'],
    ['bool', true],
    ['list', [1, [2]]],
    ['None', null],
    ['tuple', [1, [2]]],
    ['dict', { a: 1 }],
    ['output', { output: { a: 1 } }],
    ['deeper', { a: { error: 'b', refresh_worker: true } }],
  ],
  controls: [
    ['{}', { undefined: true }, undefined],
    ['error', { undefined: true, error: 'boom' }, undefined],
    ['error and x', { error: 'boom' }, { x: 1 }],
    ["error ''", { undefined: true }, undefined],
    ['error None', { undefined: true }, undefined],
    ['error 0 and x', {}, { x: 1 }],
    ['error dict', { undefined: true, error: '{"code":7}' }, undefined],
    ['error object', { undefined: true, error: 'an object' }, undefined],
    ['refresh', { undefined: true, refresh: true }, undefined],
    ['refresh and x', { refresh: true }, { x: 1 }],
    ['refresh False', {}, { x: 1 }],
  ],
  errors: [
    ['raises', "<class 'ValueError'>", 'm', tracebackOfReturns],
    ['cancelled', "<class 'asyncio.exceptions.CancelledError'>", '', tracebackOfReturns],
    ['exits generator', "<class 'GeneratorExit'>", 'odd', tracebackOfReturns],
  ],
  unserialisable: [
    ['bytes', 'Object of type bytes is not JSON serializable'],
    ['set', 'Object of type set is not JSON serializable'],
    ['object', 'Object of type Plain is not JSON serializable'],
    ['nested', 'Object of type Plain is not JSON serializable (in a value of type dict)'],
    ['decimal', 'Object of type Decimal is not JSON serializable (in a value of type OrderedDict)'],
    ['key', 'not tuple (in a value of type dict)'],
    ['circle', '(in a value of type list)'],
  ],
  exits: [
    ['sys.exit', 3],
    ['os._exit', 3],
    ['kill', 'SIGKILL'],
  ],
  generators: [
    ['ends normally, flag off', [], ['first', 'last'], {}],
    ['ends normally, flag on', ['aggregate'], ['first', 'last'], { aggregate: true }],
    ['nothing', [], [], {}],
    ['nothing', ['aggregate'], [], { aggregate: true }],
    ['uninterpreted', [], ['first', { error: '' }, { refresh_worker: true }, 'last'], {}],
    ['error', ['aggregate'], ['first'], { error: 'boom' }],
    ['error dict', [], ['first'], { error: '{"code":7}' }],
  ],
  generatorErrors: [
    ['raises', ['first'], 'late', tracebackOfStreams],
    ['raises at once', [], 'early', tracebackOfStreams],
  ],
  generatorUnserialisable: [['bytes', ['first'], 'chunk 1: Object of type bytes is not JSON serializable']],
  generatorExits: [
    ['exits', 3],
    ['sys.exit', 4],
  ],
  tail: ['last'],
  modifiers: [
    ['broken', "concurrency_modifier gave 'three'"],
    ['raises', "concurrency_modifier raised ValueError('no')"],
  ],
  thirdProgress: '3',
  unfit: /^fitness check (async_)?fit failed: RuntimeError\('no \w+'\)\n$/,
}

export const languages = [
  ['node', node],
  ['python', python],
] as const
