// Types of `fnbox/serverless` (jobs.md §13), for programs that import it.

/** What a handler is given. Its keys are those of the request, as sent. */
export interface Job<Input = unknown> {
  /** opaque; `local_test` where no other is given to a local test */
  readonly id: string
  readonly input: Input
  readonly webhook?: string
  readonly policy?: {
    readonly executionTimeout?: number
    readonly ttl?: number
    readonly lowPriority?: boolean
  }
  readonly s3Config?: {
    readonly accessId: string
    readonly accessSecret: string
    readonly bucketName: string
    readonly endpointUrl: string
    readonly objectPath?: string
  }
}

/** What a handler is told besides its job. */
export interface JobContext {
  /** aborts when the job is stopped: cancelled, timed out, or the instance ends */
  readonly signal: AbortSignal
}

/**
 * Gives one result, or yields chunks. A plain object with a truthy `error` fails the job; with a truthy `refreshWorker` the
 * instance is replaced after it.
 */
export type Handler<Input = unknown> = (job: Job<Input>, context: JobContext) => unknown

export interface ServerlessConfig<Input = unknown> {
  readonly handler: Handler<Input>
  /** the output of a job that yields chunks is the list of them */
  readonly returnAggregateStream?: boolean
  /** a fresh instance after every job */
  readonly refreshWorker?: boolean
  /** from the current number of jobs at a time, at first 1, to the wanted one; `--concurrency` is its upper bound */
  readonly concurrencyModifier?: (current: number) => number
}

/**
 * Registers the handler and serves jobs until the instance is stopped, then settles. Outside of fnbox it runs one job, from
 * `--test_input` or test_input.json, and exits.
 */
export function start<Input = unknown>(config: ServerlessConfig<Input>): Promise<void>

/** Shows a value as the state of a job that runs. Returns at once and never throws; the newest value wins. */
export function progressUpdate(job: Pick<Job, 'id'>, value: unknown): void

/**
 * Adds a check that runs once in an instance, before its first job; when it throws or rejects, the instance ends with exit
 * code 1. Gives the function back.
 */
export function registerFitnessCheck<Check extends () => unknown>(check: Check): Check
