// fnbox invoke: one invocation without a server. The result goes to stdout, logs go to stderr.

import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { App } from '../app.ts'
import type { Config } from '../config.ts'
import { toChunkBytes } from '../event/streamReply.ts'
import { Awaited, Call, type Outcome } from '../invocation.ts'
import { toDocument } from '../jobs/model/jobJson.ts'
import { jobTimeoutMs } from '../settings.ts'
import type { InvokeFlags } from './arguments.ts'
import { invokeHttp, parseRequest } from './invokeHttp.ts'
import { gatewayError, failsGateway } from './samples/gateways.ts'
import { toTriggerEvent, type TriggerName } from './samples/samples.ts'
import { endOnSignal, logTo, type Host } from './serve.ts'

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
  const flush = await logTo(process.stderr, app, config)
  endOnSignal(app, host, flush)
  await app.start()
  let code: number
  if (config.isScript) code = await invokeJob(app, data ?? Buffer.from('null'), jobTimeoutMs(config))
  else if (request === undefined) code = await invokeRaw(app, payload ?? nothing, flags.event)
  else {
    const { outcome, hasFailed } = await invokeHttp(app, request, data ?? nothing, write)
    code = (outcome === undefined ? 0 : exitCode(outcome)) || Number(hasFailed)
  }
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
  if (event === undefined || !gateways.has(event) || !failsGateway(outcome.json)) return 0
  return complain(`a gateway would answer 502 ${gatewayError}`, 1) // yandex.md W-12
}

// One job without a server (jobs.md CLI-3). Chunks are printed as they come, or else the output.
async function invokeJob(app: App, input: Buffer, timeoutMs: number): Promise<number> {
  const id = randomUUID()
  const printing = new Awaited((_kind, data) => writeLine(data))
  const call = new Call(
    {
      id,
      mode: 'job',
      payload: toDocument({ id, input }),
      job: {
        id,
        timeoutMs,
        resultLimit: Number.MAX_SAFE_INTEGER, // it is printed as it comes, and no file or answer holds it
        waitingSince: performance.now(),
        mayGrow: true,
        waitsForLoad: false,
        endsAtDeadline: false,
      },
    },
    printing,
  )
  let deadline: NodeJS.Timeout | undefined
  app.events.once('invocation-started', () => {
    deadline = setTimeout(() => call.cancel('deadline'), timeoutMs)
  })
  app.invoker.start(call)
  const outcome = await printing.outcome
  clearTimeout(deadline)
  if (call.cancelled) return complain(`executionTimeout of ${timeoutMs} ms exceeded`, 2)
  switch (outcome.type) {
    case 'returned':
      if (outcome.json !== undefined) await writeLine(outcome.json)
      return outcome.error === undefined ? 0 : complain(outcome.error, 1)
    case 'streamed':
      return outcome.error === undefined ? 0 : complain(outcome.error, 1)
    case 'threw':
      return complain(outcome.error.errorMessage, 1)
    case 'failed':
      return complain(outcome.fault.message, 1)
    default:
      return outcome satisfies never
  }
}

function complain(text: string, code: number): number {
  process.stderr.write(`${text}\n`)
  return code
}

function toEventPayload(name: TriggerName, data: Buffer | undefined): Buffer | string {
  const event = toTriggerEvent(name, data, { now: Date.now(), newId: randomUUID })
  if (typeof event === 'string') return `-d: the data of ${name} ${event}`
  return Buffer.from(JSON.stringify(event))
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

function write(content: string | Buffer): Promise<void> {
  return new Promise((settle) => process.stdout.write(content, () => settle()))
}

function writeLine(json: Buffer): Promise<void> {
  return write(Buffer.concat([json, Buffer.from('\n')]))
}

function refuse(problems: readonly unknown[]): number {
  for (const each of problems)
    if (typeof each === 'string') process.stderr.write(`fnbox cannot invoke: ${each}\n`)
  return 64
}

const nothing = Buffer.alloc(0)
const newline = 0x0a
const gateways: ReadonlySet<TriggerName> = new Set(['api-gateway-0.1', 'api-gateway-1.0', 'api-gateway-2.0'])
