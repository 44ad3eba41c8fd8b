// fnbox invoke --http: a request without a socket. The answer is printed as HTTP, with its status line and headers.

import { STATUS_CODES } from 'node:http'
import type { App } from '../app.ts'
import { lastHeader, type Header, type HttpReply, type HttpReplyHead } from '../event/http.ts'
import { everyone } from '../http/auth/auth.ts'
import type { Exchange, ExchangeListener } from '../http/exchange.ts'
import { FunctionEndpoint } from '../http/functionEndpoint.ts'
import type { Call, Outcome } from '../invocation.ts'

/** A request without its body. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: readonly Header[]
}

// Settles when the reader has taken the bytes.
type Print = (content: string | Buffer) => Promise<void>

/** Reads the values of --http and -H; a text says what is wrong with them. */
export function parseRequest(line: string, headers: readonly string[]): Request | string {
  const [, method, path, query] = /^([A-Z]+) (\/[^?\s]*)(?:\?(\S*))?$/.exec(line) ?? []
  if (method === undefined || path === undefined)
    return `--http: write a method and a target such as 'POST /?a=1', not ${JSON.stringify(line)}`
  const parsed = headers.map((each) => /^([^:\s]+):\s*(.*)$/.exec(each))
  const broken = parsed.indexOf(null)
  if (broken !== -1) return `-H: write 'Name: value', not ${JSON.stringify(headers[broken])}`
  const lines = parsed.map((each): Header => [each?.[1] ?? '', each?.[2] ?? ''])
  return { method, path, query: query ?? '', headers: withHost(lines) }
}

/** Answers one request. Returns the outcome of its call, if there was one, and whether the answer is a fault or broke off. */
export async function invokeHttp(
  app: App,
  request: Request,
  body: Buffer,
  print: Print,
): Promise<{ readonly outcome: Outcome | undefined; readonly hasFailed: boolean }> {
  const exchange = new PrintedExchange(request, body, print)
  let started: Call | undefined
  const start = (call: Call): void => {
    started = call
    app.invoker.start(call)
  }
  // The operator may call the function.
  new FunctionEndpoint({ start }, app.endpoint, everyone, app.events).answer(exchange)
  await exchange.printed
  return { outcome: started?.outcome, hasFailed: exchange.hasFailed }
}

// An exchange whose answer is printed.
class PrintedExchange implements Exchange {
  readonly head: Exchange['head']
  readonly isGone = false
  listener: ExchangeListener | undefined
  /** settles when everything is printed */
  readonly printed: Promise<void>
  hasFailed = false
  readonly #body: Buffer
  readonly #write: Print
  readonly #isHead: boolean // yandex.md R-12, K-14
  readonly #finish: () => void
  #writing: Promise<void> = Promise.resolve()

  constructor(request: Request, body: Buffer, print: Print) {
    this.#write = print
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
    this.#writing = this.#writing.then(() => this.#write(content))
    return this.#writing
  }
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

function toText({ status, headers }: HttpReplyHead): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\n`).join('')
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\n${lines}\n`
}
