// The catalogue of faults: what fnbox answers in place of the function. docs/faults.md is the same table for operators; a test
// compares the two.

/** Which side has to act on a fault. */
export type Blame = 'caller' | 'function' | 'operator' | 'fnbox'

interface CatalogueRow {
  /** row of yandex.md §8, or rule of jobs.md */
  readonly rule: string
  readonly blame: Blame
  readonly status: number
  /** whether the same request may succeed later */
  readonly retry: boolean
  readonly errorType: string
  /** whether the answer carries `X-Function-Error: true`; its body then has no `errorCode` (yandex.md §8) */
  readonly functionError: boolean
  readonly advice: string
}

function row(
  rule: string,
  blame: Blame,
  status: number,
  errorType: string,
  advice: string,
  traits: { retry?: boolean; functionError?: boolean } = {},
): CatalogueRow {
  const { retry = false, functionError = false } = traits
  return { rule, blame, status, retry, errorType, functionError, advice }
}

const ofFunction = { functionError: true }
const passing = { retry: true }

/** The rows by their codes. */
// prettier-ignore
export const catalogue = {
  function_threw: row('F-1', 'function', 502, 'Error', 'The function raised this error; its stack trace shows where.', ofFunction),
  load_failed: row('F-2', 'function', 502, 'Error', 'Fix the error that stops the function from loading; `fnbox check` shows it too.', ofFunction),
  load_timeout: row('F-3', 'function', 502, 'LoadTimeout', 'Do less while the module loads, or raise --init-timeout.', ofFunction),
  malformed_response: row('F-4', 'function', 502, 'ProxyIntegrationError', 'Return an object with statusCode, headers and body, or call with ?integration=raw.', ofFunction),
  forbidden_header: row('F-5', 'function', 502, 'ProxyIntegrationError', 'Remove this header from the response; the platform owns it.', ofFunction),
  response_too_large: row('F-6', 'function', 502, 'ProxyIntegrationError', 'Return less, stream it from a generator, or raise --response-limit.', ofFunction),
  process_exit: row('F-9', 'function', 502, 'ProcessExit', 'The function ended its own process; see its last log lines.', { functionError: true, retry: true }),
  out_of_memory: row('F-10', 'function', 502, 'OutOfMemory', 'Use less memory for one invocation, or raise --memory.', { functionError: true, retry: true }),
  too_many_reschedules: row('F-11', 'function', 429, 'TooManyRequests', 'Every run of this invocation ended its process; see the log lines of the function.', passing),
  timeout: row('F-12', 'function', 504, 'GatewayTimeout', 'Finish sooner, watch the remaining time of the context, or raise --timeout.', passing),
  client_gone: row('F-17', 'caller', 499, 'ClientError', 'The client closed the connection before the answer; raise its timeout.', passing),
  path_not_served: row('F-20', 'caller', 400, 'ProxyIntegrationError', 'Call / or /<function id>; a function has no paths below it.'),
  unknown_integration: row('F-21', 'caller', 400, 'ProxyIntegrationError', 'Leave the parameter integration out, or set it to raw or async.'),
  duplicate_request_id: row('F-22', 'caller', 400, 'ClientError', 'Send a new UUID as X-Request-Id, or none.'),
  invalid_request: row('F-23', 'caller', 400, 'ProxyIntegrationError', 'Send well-formed HTTP with one of DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT.'),
  async_not_configured: row('F-24', 'operator', 400, 'ProxyIntegrationError', 'Call without integration=async; this server does not run asynchronous invocations.'),
  not_authorized: row('F-25', 'caller', 403, 'ClientError', 'Send Authorization: Bearer or Api-Key with a key or token that is accepted here.'),
  not_found: row('F-26', 'caller', 404, 'ClientError', 'Check the path and the function id; --function-id sets it.'),
  request_too_large: row('F-27', 'caller', 413, 'ProxyIntegrationError', 'Send less, upload to a bucket first, or raise --request-limit.'),
  queue_full: row('F-28', 'operator', 429, 'TooManyRequests', 'Retry later, or raise --instances or --queue.', passing),
  queue_timeout: row('F-28', 'operator', 429, 'TooManyRequests', 'Retry later, or raise --instances or --queue-timeout.', passing),
  internal: row('F-29', 'fnbox', 500, 'InternalServerError', 'A bug of fnbox: please report it with the log line of this request.', passing),
  draining: row('F-29', 'operator', 503, 'ServiceUnavailable', 'This container is stopping; retry against another one.', passing),
  invalid_job: row('REQ-2', 'caller', 400, 'ClientError', 'Send a JSON object with `input`; the message names what is wrong with it.'),
  invalid_parameter: row('A-8', 'caller', 400, 'ClientError', 'Fix the parameter or header that the message names, or leave it out.'),
  job_not_retryable: row('CTL-5', 'caller', 400, 'ClientError', 'Retry only jobs that are FAILED or TIMED_OUT; submit others anew.'),
  unauthenticated: row('A-2', 'caller', 401, 'ClientError', 'Send Authorization: Bearer with a key or token that is accepted here.'),
  unknown_route: row('A-11', 'caller', 404, 'ClientError', 'Use one of the routes that the message names; --endpoint-id limits what is below /v2/.'),
  unknown_job: row('C-5', 'caller', 404, 'ClientError', 'Read results before they expire, or raise --job-retention or --job-sync-retention.'),
  method_not_allowed: row('A-7', 'caller', 405, 'ClientError', 'Use one of the methods in the header Allow.'),
  idempotency_conflict: row('REQ-7', 'caller', 409, 'ClientError', 'Use a new Idempotency-Key for a new request.'),
  job_too_large: row('LIM-1', 'caller', 413, 'ClientError', 'Send a link to the data instead, or raise --job-limit or --job-sync-limit.'),
  job_queue_full: row('A-10', 'operator', 429, 'TooManyRequests', 'Retry later, or raise --instances or --job-queue.', passing),
  store_unavailable: row('DUR-1', 'operator', 503, 'ServiceUnavailable', 'Look at the disk and the permissions of --data-dir; jobs cannot be stored or read.', passing),
} as const satisfies Record<string, CatalogueRow>

/** Name of a fault, sent as `X-Fnbox-Fault`. */
export type FaultCode = keyof typeof catalogue

/** What one fault adds to its row of the catalogue. */
export interface FaultDetails {
  /** in place of the row's: a load error keeps the type of its language */
  readonly errorType?: string
  /** further members of the answer's body (yandex.md F-30, F-31) */
  readonly body?: { readonly payload?: string; readonly stackTrace?: readonly unknown[] }
  readonly cause?: unknown
}

/** An error of fnbox, as opposed to one that the function threw. Its message is for the caller. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly errorType: string
  readonly body: NonNullable<FaultDetails['body']>

  constructor(code: FaultCode, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.errorType = details.errorType ?? catalogue[code].errorType
    this.body = details.body ?? {}
  }

  /** The row of the catalogue that this fault belongs to. */
  get row(): CatalogueRow {
    return catalogue[this.code]
  }
}

/** An error as a fault: any other error is a bug of fnbox, and becomes the cause. */
export function asFault(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault('internal', 'Internal Server Error', { cause: error })
}
