// The frames of runtime/PROTOCOL.md as types, and the one place where an instance's bytes become one of them.

import { isJsonObject, type JsonObject } from '../json/json.ts'

/** Version of runtime/PROTOCOL.md that this supervisor speaks. */
export const protocolVersion = 2

/** Bytes for which an instance's chunks without credit may count; PROTOCOL.md, promise 4. */
export const chunkWindow = 262_144

/** What each of them counts for besides its body. */
export const chunkOverhead = 64

/** What a function is told about itself in its context (yandex.md §9). */
export interface FunctionIdentity {
  readonly id: string
  readonly version: string
  readonly folderId?: string
  readonly logGroup: string
  readonly memoryMb: number
}

/** The token of a context, as the function sees it (yandex.md C-1). */
export interface ContextToken {
  readonly access_token: string
  /** seconds left at the start of the invocation */
  readonly expires_in: number
  readonly token_type: string
}

/** Why an invocation is cancelled. */
export type CancelReason = 'deadline' | 'disconnected' | 'cancelled'

/** How the first argument of the handler is made for a caller: an HTTP event, or the body alone (yandex.md §4). */
export type CallerMode = 'http' | 'raw'

/** What is invoked: the handler as for a caller, the handler of a script with a job (jobs.md W-7), or a task instead of it (tasks.md §12). */
export type InvocationMode = CallerMode | 'job' | 'task'

/** When an event that carries a task is routed to it instead of the handler: always, or if the function has loaded the module (tasks.md §9). */
export type TaskEvents = 'on' | 'imported'

/** What a script is started with (jobs.md W-1, W-4). */
export interface ScriptStart {
  /** what follows the file's name on its command line */
  readonly args: readonly string[]
  /** `auto`: the bundled modules are found only where the real ones are not installed */
  readonly sdk: 'auto' | 'bundled'
  /** name of the instance, for error texts (jobs.md W-10) */
  readonly instance: string
}

/** An error as the caller sees it (yandex.md F-30). */
export interface UserError {
  readonly errorMessage: string
  readonly errorType: string
  readonly stackTrace?: readonly unknown[]
}

/** What a yielded value was, which decides how it is sent on (yandex.md K-10). */
export type ChunkKind = 'text' | 'bytes' | 'json'

/** What an instance is told; see PROTOCOL.md. */
export type FrameToInstance =
  | {
      readonly type: 'load'
      readonly version: number
      readonly root: string
      readonly module: string
      readonly name: string
      readonly file?: string
      readonly function: FunctionIdentity
      readonly concurrency: number
      /** the file is a program that registers its handler itself */
      readonly script?: ScriptStart
      /** absent: the handler gets every event */
      readonly taskEvents?: TaskEvents
      /** what divides the output of two calls (PROTOCOL.md, "Calls sent ahead"); absent: nothing does */
      readonly border?: string
    }
  | {
      readonly type: 'invoke'
      readonly id: string
      readonly mode: InvocationMode
      /** epoch milliseconds; absent for a call sent ahead, which has `timeoutMs` from its start instead */
      readonly deadlineMs?: number
      readonly timeoutMs?: number
      readonly ahead?: true
      readonly token?: ContextToken | undefined
      readonly responseLimit: number
      /** so many last bytes of the body are the event's member `body` (PROTOCOL.md, "Long texts") */
      readonly text?: number | undefined
    }
  | { readonly type: 'cancel'; readonly id: string; readonly reason: CancelReason }
  | { readonly type: 'credit'; readonly id: string; readonly bytes: number }
  | { readonly type: 'recall' }

/** What an instance says; see PROTOCOL.md. */
export type FrameFromInstance =
  | {
      readonly type: 'hello'
      readonly version: number
      readonly language: string
      readonly languageVersion: string
    }
  | { readonly type: 'loaded' }
  | { readonly type: 'load-failed'; readonly error: UserError }
  | { readonly type: 'slots'; readonly count: number }
  | { readonly type: 'recalled' }
  | { readonly type: 'cancelling'; readonly id: string }
  | { readonly type: 'progress'; readonly id: string }
  | ({
      readonly type: 'returned'
      readonly id: string
      readonly undefined: boolean
      /** as in `invoke` */
      readonly text?: number
    } & JobEnd)
  | { readonly type: 'oversized'; readonly id: string; readonly size: number }
  | { readonly type: 'threw'; readonly id: string; readonly error: UserError }
  | { readonly type: 'chunk'; readonly id: string; readonly kind: ChunkKind }
  | ({ readonly type: 'ended'; readonly id: string; readonly aggregate: boolean } & JobEnd)

/** What the end of a job says besides. */
export interface JobEnd {
  /** the job has failed with this text (jobs.md §10.4, §10.5) */
  readonly error?: string
  /** the instance wants to be replaced (jobs.md W-12) */
  readonly refresh?: true
}

/** A peer that does not keep to runtime/PROTOCOL.md; the connection cannot go on. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/**
 * Reads the header text of a frame that came from an instance.
 * @throws ProtocolError when it is not one of the frames of PROTOCOL.md
 */
export function parseFrame(header: string): FrameFromInstance {
  const fields = parseObject(header)
  const type = fields['type']
  switch (type) {
    case 'hello':
      return {
        type,
        version: integer(fields, 'version'),
        language: text(fields, 'language'),
        languageVersion: text(fields, 'languageVersion'),
      }
    case 'loaded':
      return { type }
    case 'load-failed':
      return { type, error: userError(fields) }
    case 'returned':
      return {
        type,
        id: text(fields, 'id'),
        undefined: fields['undefined'] === true,
        ...(fields['text'] === undefined ? {} : { text: integer(fields, 'text') }),
        ...jobEnd(fields),
      }
    case 'oversized':
      return { type, id: text(fields, 'id'), size: integer(fields, 'size') }
    case 'threw':
      return { type, id: text(fields, 'id'), error: userError(fields) }
    case 'chunk':
      return { type, id: text(fields, 'id'), kind: chunkKind(fields) }
    case 'ended':
      return { type, id: text(fields, 'id'), aggregate: fields['aggregate'] === true, ...jobEnd(fields) }
    case 'recalled':
      return { type }
    case 'slots':
      return { type, count: integer(fields, 'count') }
    case 'cancelling':
    case 'progress':
      return { type, id: text(fields, 'id') }
    default:
      throw new ProtocolError(`unknown frame type ${JSON.stringify(type)}`)
  }
}

function parseObject(header: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(header)
  } catch (cause) {
    throw new ProtocolError('a frame header is not JSON', { cause })
  }
  if (!isJsonObject(value)) throw new ProtocolError('a frame header is not an object')
  return value
}

function text(fields: JsonObject, key: string): string {
  const value = fields[key]
  if (typeof value !== 'string') throw new ProtocolError(`${key} is not a string`)
  return value
}

function integer(fields: JsonObject, key: string): number {
  const value = fields[key]
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new ProtocolError(`${key} is not an integer`)
  return value
}

function jobEnd(fields: JsonObject): JobEnd {
  return {
    ...(fields['error'] === undefined ? {} : { error: text(fields, 'error') }),
    ...(fields['refresh'] === true ? { refresh: true } : {}),
  }
}

function chunkKind(fields: JsonObject): ChunkKind {
  const kind = fields['kind']
  if (kind === 'text' || kind === 'bytes' || kind === 'json') return kind
  throw new ProtocolError(`unknown chunk kind ${JSON.stringify(kind)}`)
}

function userError(fields: JsonObject): UserError {
  const error = fields['error']
  if (!isJsonObject(error)) throw new ProtocolError('error is not an object')
  const errorMessage = text(error, 'errorMessage')
  const errorType = text(error, 'errorType')
  const stackTrace = error['stackTrace']
  return Array.isArray(stackTrace) ? { errorMessage, errorType, stackTrace } : { errorMessage, errorType }
}
