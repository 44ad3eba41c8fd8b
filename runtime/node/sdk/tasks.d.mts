// Types of `fnbox/tasks` (tasks.md §11), for programs that import it.

export interface TaskOptions {
  /** who executes it: two names for the same engine; default `lambda` */
  readonly service?: 'lambda' | 'sns' | (string & {})
  /** false: no result is kept; true: a result that cannot be kept fails the task; not given: such a result is left out */
  readonly captureResponse?: boolean
  /** 0 to 604800: how much later it is due */
  readonly delaySeconds?: number
  /** where the function is found again: `folder.file.function`, below the code root; default: the file that calls `task` */
  readonly path?: string
}

/** A function whose calls are tasks. */
export interface Task<Args extends readonly unknown[], Result> {
  /** under fnbox it gives a response object, elsewhere the plain value */
  (...args: Args): Promise<LambdaAsyncResponse<Awaited<Result>> | Awaited<Result>>
  /** the function itself, which always runs in place */
  readonly sync: (...args: Args) => Result
  readonly service: string
  readonly taskPath: string
}

export type TaskDecorator = <Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
) => Task<Args, Result>

/** Makes a function a task. */
export function task<Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
  options?: TaskOptions,
): Task<Args, Result>
export function task(options?: TaskOptions): TaskDecorator

/** The same with service `sns`. */
export function taskSns<Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
  options?: TaskOptions,
): Task<Args, Result>
export function taskSns(options?: TaskOptions): TaskDecorator

/**
 * Dispatches `fn(...args)`; with keys in `kwargs`, `fn(...args, kwargs)`. A function that `task` has not made needs `path`,
 * unless it is an export of a loaded CommonJS module. Outside of fnbox it has run when this settles.
 */
export function run<Args extends readonly unknown[], Result>(
  fn: Task<Args, Result>,
  args?: readonly unknown[],
  kwargs?: Readonly<Record<string, unknown>>,
  options?: TaskOptions,
): Promise<LambdaAsyncResponse<Awaited<Result>>>
export function run<Result>(
  fn: (...args: never[]) => Result,
  args?: readonly unknown[],
  kwargs?: Readonly<Record<string, unknown>>,
  options?: TaskOptions,
): Promise<LambdaAsyncResponse<Awaited<Result>>>

/** What is known of a task; null when nothing is known, or its result is not kept. Rejects when it has failed. */
export function getAsyncResponse(
  id: string | null | undefined,
): Promise<{ readonly status: 'in progress' | 'complete'; readonly response: unknown } | null>

/** Shows a value as the response of the running task. False where there is no task that could show it. */
export function updateProgress(value: unknown): Promise<boolean>

/** A task as it travels. */
export interface TaskMessage {
  readonly task_path: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
  readonly capture_response?: boolean
  readonly response_id?: string | null
  readonly command?: string
}

/** Executes a message in place and gives what its function gives. */
export function runMessage(message: TaskMessage): Promise<unknown>
export function runMessage(
  service: string,
  path: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): Promise<unknown>

/** Executes the message that is the event. */
export function routeLambdaTask(event: TaskMessage, context?: unknown): Promise<unknown>

/** Executes the message in the first record of a topic's event. */
export function routeSnsTask(event: object, context?: unknown): Promise<unknown>

/** Loads what a path names. Rejects with RangeError, an Error of code ERR_MODULE_NOT_FOUND, or ReferenceError. */
export function importAndGetTask(path: string): Promise<unknown>

/** Never throws; a function that cannot be found again has a path that begins with `?`. */
export function getFuncTaskPath(fn: (...args: never[]) => unknown): string

export interface ResponseOptions {
  readonly lambdaFunctionName?: string | null
  readonly awsRegion?: string | null
  readonly captureResponse?: boolean
  readonly delaySeconds?: number
  /** of `SnsAsyncResponse` */
  readonly arn?: string
}

/** A task that was handed over. */
export class LambdaAsyncResponse<Result = unknown> {
  constructor(options?: ResponseOptions)
  readonly responseId: string
  readonly captureResponse: boolean
  readonly lambdaFunctionName: string | null
  readonly awsRegion: string | null
  readonly client: object
  /** undefined until it is sent, as `response` */
  readonly sent: true | string | undefined
  readonly response: { StatusCode: number } | { MessageId: string } | undefined
  send(taskPath: string, args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>): Promise<this>
  /** Waits until the task is final, at most `timeout` seconds. Null where no result is kept. */
  wait(options?: { readonly timeout?: number | null }): Promise<Result>
  /** Subclasses may replace it. */
  protected _send(message: TaskMessage): Promise<void>
}

export class SnsAsyncResponse<Result = unknown> extends LambdaAsyncResponse<Result> {
  readonly arn: string
}

/** Classes of response objects by service; read at every call. */
export const ASYNC_CLASSES: Record<string, new (options?: ResponseOptions) => LambdaAsyncResponse>

/** Most characters of a message. */
export const LAMBDA_ASYNC_PAYLOAD_LIMIT: number
export const SNS_ASYNC_PAYLOAD_LIMIT: number

export type AsyncExceptionCode =
  | 'payload_too_large'
  | 'not_serializable'
  | 'not_importable'
  | 'engine_unreachable'
  | 'queue_full'
  | 'task_failed'
  | 'wait_timeout'
  | 'wait_deadlock'
  | 'not_found'
  | 'not_sent'
  | 'not_allowed'
  | 'conflict'
  | 'bad_request'

export interface AsyncExceptionAttributes {
  readonly code?: AsyncExceptionCode | (string & {}) | null
  readonly responseId?: string | null
  readonly taskPath?: string | null
  readonly errorType?: string | null
  readonly errorMessage?: string | null
  readonly attempts?: number | null
}

/** What is null does not apply. */
export class AsyncException extends Error {
  constructor(message?: string, attributes?: AsyncExceptionAttributes & { readonly cause?: unknown })
  readonly code: AsyncExceptionCode | (string & {}) | null
  readonly responseId: string | null
  readonly taskPath: string | null
  readonly errorType: string | null
  readonly errorMessage: string | null
  readonly attempts: number | null
}

/** JSON cannot hold arguments, a result or a progress value. */
export class AsyncSerializationError extends AsyncException {}
