// fnbox invoke: one invocation without a server. The result goes to stdout, logs go to stderr.

import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { STATUS_CODES } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { App } from '../app.ts'
import { jobTimeoutMs, type Config } from '../config.ts'
import { lastHeader, type Header, type HttpReply, type HttpReplyHead } from '../event/http.ts'
import { gatewayRefusal, isRefusedByGateway } from './samples/gateways.ts'
import { toChunkBytes } from '../event/streamReply.ts'
import { everyone } from '../http/auth/auth.ts'
import { toTriggerEvent, type TriggerName } from './samples/samples.ts'
import type { Exchange, ExchangeListener } from '../http/exchange.ts'
import { FunctionEndpoint } from '../http/functionEndpoint.ts'
import { Awaited, Call, type Outcome } from '../invocation.ts'
import { logEvents } from '../log/log.ts'
import type { InvokeFlags } from './arguments.ts'
import { endOnSignal, type Host } from './serve.ts'
import { invokeJob } from './invokeJob.ts'

/** Invokes once. Returns the exit code: 0 returned, 1 the function failed, 2 timed out. */
export async function invoke(config: Config, flags: InvokeFlags, host: Host): Promise<number> {
  const request = flags.http === undefined ? undefined : parseRequest(flags.http, flags.headers)
  const data = await readData(flags.data)
  if (typeof request === 'string' || typeof data === 'string') return refuse([request, data])
  const payload = flags.event === undefined ? data : toEventPayload(flags.event, data)
  if (typeof payload === 'string') return refuse([payload])
  if (config.isScript && (request ?? flags.event) !== undefined)
    return refuse(['-d: a script takes the input of a job; --http and --event make events of functions'])
  const app = new App({ ...config, options: { ...config.options, 'min-instances': 1 } }, true)
  const flush = await logEvents(app.events, {
    format: config.options['log-format'] ?? (process.stderr.isTTY ? 'text' : 'json'),
    level: config.options['log-level'],
    output: process.stderr,
    function: app.identity,
    environment: config.environment,
  })
  endOnSignal(app, host, flush)
  await app.start()
  const code = config.isScript
    ? await invokeJob(app, data ?? Buffer.from('null'), jobTimeoutMs(config), writeLine)
    : request === undefined
      ? await invokeRaw(app, payload ?? nothing, flags.event)
      : await invokeHttp(app, request, data ?? nothing)
  await app.stop()
  if (!(await flush())) host.exit(code)
  return code
}

async function invokeRaw(app: App, payload: Buffer, event: TriggerName | undefined): Promise<number> {
  const printing = new Awaited((kind, data) => write(toChunkBytes(kind, data)))
  app.invoker.start(new Call({ id: randomUUID(), mode: 'raw', payload }, printing))
  const outcome = await printing.outcome
  if (outcome.type !== 'returned') return exitCode(outcome)
  await write(outcome.json ?? nothing)
  if (outcome.json?.at(-1) !== newline) await write('\n')
  return event !== undefined && gateways.has(event) && reportRefusal(outcome.json) ? 1 : 0
}

// yandex.md W-12
function reportRefusal(result: Buffer | undefined): boolean {
  const refused = isRefusedByGateway(result)
  if (refused) process.stderr.write(`a gateway would answer 502 ${gatewayRefusal}\n`)
  return refused
}

function writeLine(json: Buffer): Promise<void> {
  return write(Buffer.concat([json, Buffer.from('\n')]))
}

function toEventPayload(name: TriggerName, data: Buffer | undefined): Buffer | string {
  const made = toTriggerEvent(name, data, { now: Date.now(), newId: randomUUID })
  return made.type === 'made'
    ? Buffer.from(JSON.stringify(made.event))
    : `-d: the data of ${name} ${made.problem}`
}

async function invokeHttp(app: App, request: Request, body: Buffer): Promise<number> {
  const exchange = new PrintedExchange(request, body)
  let started: Call | undefined
  const start = (call: Call): void => {
    started = call
    app.invoker.start(call)
  }
  // The operator may call the function.
  new FunctionEndpoint({ start }, app.endpoint, everyone, app.events).answer(exchange)
  await exchange.printed
  const code = started?.outcome === undefined ? 0 : exitCode(started.outcome)
  return code === 0 && exchange.hasFailed ? 1 : code
}

// An exchange whose answer is printed.
class PrintedExchange implements Exchange {
  readonly head: Exchange['head']
  readonly isGone = false
  listener: ExchangeListener | undefined
  /** settles when everything is printed */
  readonly printed: Promise<void>
  /** whether the answer is that of a fault, or broke off */
  hasFailed = false
  readonly #body: Buffer
  readonly #isHead: boolean // yandex.md R-12, K-14
  readonly #finish: () => void
  #writing: Promise<void> = Promise.resolve()

  constructor(request: Request, body: Buffer) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.printed = promise
    this.#finish = resolve
    this.#body = body
    this.#isHead = request.method === 'HEAD'
    this.head = {
      ...request,
      headers: withLength(request.headers, body),
      peer: { address: '127.0.0.1', port: 0 },
      receivedAt: Date.now(),
    }
  }

  readBody(): Buffer {
    return this.#body
  }

  reply(reply: HttpReply): void {
    this.start(reply)
    if (!this.#isHead) void this.#print(Buffer.concat([reply.body, Buffer.from('\n')]))
    this.end()
  }

  start(head: HttpReplyHead): void {
    this.hasFailed = lastHeader(head.headers, 'x-fnbox-fault') !== undefined
    void this.#print(toText(head))
  }

  write(bytes: Buffer): boolean {
    if (this.#isHead) return true
    void this.#print(bytes).then(() => this.listener?.onDrain())
    return false
  }

  end(): void {
    void this.#writing.then(this.#finish)
  }

  abort(): void {
    this.hasFailed = true
    this.end()
  }

  #print(content: string | Buffer): Promise<void> {
    this.#writing = this.#writing.then(() => write(content))
    return this.#writing
  }
}

interface Request {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: readonly Header[]
}

function parseRequest(line: string, headers: readonly string[]): Request | string {
  const [, method, path, query] = /^([A-Z]+) (\/[^?\s]*)(?:\?(\S*))?$/.exec(line) ?? []
  if (method === undefined || path === undefined)
    return `--http: write a method and a target such as 'POST /?a=1', not ${JSON.stringify(line)}`
  const parsed = headers.map((each) => /^([^:\s]+):\s*(.*)$/.exec(each))
  const broken = parsed.indexOf(null)
  if (broken !== -1) return `-H: write 'Name: value', not ${JSON.stringify(headers[broken])}`
  const lines = parsed.map((each): Header => [each?.[1] ?? '', each?.[2] ?? ''])
  return { method, path, query: query ?? '', headers: withHost(lines) }
}

// One of each, as in every request that a server takes: the host that was asked for, the length that the body has.
function withHost(headers: readonly Header[]): readonly Header[] {
  return lastHeader(headers, 'host') === undefined ? [['Host', 'localhost'], ...headers] : headers
}

function withLength(headers: readonly Header[], body: Buffer): readonly Header[] {
  if (body.length === 0) return headers
  const others = headers.filter(([name]) => name.toLowerCase() !== 'content-length')
  return [...others, ['Content-Length', String(body.length)]]
}

async function readData(source: string | undefined): Promise<Buffer | undefined | string> {
  if (source === undefined) return undefined
  if (source === '-') return buffer(process.stdin)
  if (!source.startsWith('@')) return Buffer.from(source)
  return readFile(source.slice(1)).catch((error: Error) => `-d: ${error.message}`)
}

function exitCode(outcome: Outcome): number {
  if (outcome.type === 'returned' || outcome.type === 'streamed') return 0
  return outcome.type === 'failed' && outcome.fault.code === 'timeout' ? 2 : 1
}

function toText({ status, headers }: HttpReplyHead): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\n`).join('')
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\n${lines}\n`
}

function write(content: string | Buffer): Promise<void> {
  return new Promise((settle) => process.stdout.write(content, () => settle()))
}

function refuse(problems: readonly unknown[]): number {
  for (const each of problems)
    if (typeof each === 'string') process.stderr.write(`fnbox cannot invoke: ${each}\n`)
  return 64
}

const nothing = Buffer.alloc(0)
const newline = 0x0a
const gateways: ReadonlySet<TriggerName> = new Set(['api-gateway-0.1', 'api-gateway-1.0', 'api-gateway-2.0'])
