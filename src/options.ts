// The table of options: each one's flag, variable, values, default and line in --help.

import { z } from 'zod'

// The title in --help.
type Group =
  'Function' | 'Server' | 'Access' | 'Limits' | 'Scaling' | 'Identity' | 'Token' | 'Jobs' | 'Tasks' | 'Logs'

interface Option<Schema extends z.ZodType> {
  readonly env: string
  readonly group: Group
  /** placeholder of the value in --help; absent: a switch, without a value */
  readonly value?: string
  readonly help: string
  readonly schema: Schema
}

function option<Schema extends z.ZodType>(
  env: string,
  group: Group,
  value: string | undefined,
  help: string,
  schema: Schema,
): Option<Schema> {
  return value === undefined ? { env, group, help, schema } : { env, group, value, help, schema }
}

const text = z.string().min(1, 'must not be empty')

const duration = z.string().transform((input, context) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(input)
  const milliseconds =
    match === null ? 0 : Math.round(Number(match[1]) * millisecondsPer[match[2] as DurationUnit]) // the pattern allows no other unit
  if (milliseconds >= 1 && milliseconds <= longestTimer) return milliseconds
  context.addIssue('must be a duration of 1ms to 24d such as 250ms, 10s, 5m or 1h')
  return z.NEVER
})

function sizeUpTo(most: number) {
  return size.refine((bytes) => bytes <= most, `must be at most ${most}`)
}

const size = z.string().transform((input, context) => {
  const match = /^(\d+(?:\.\d+)?)(KB|MB|GB)?$/i.exec(input)
  const unit = (match?.[2]?.toUpperCase() ?? 'B') as SizeUnit // the pattern allows no other unit
  const bytes = match === null ? 0 : Number(match[1]) * bytesPer[unit]
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes
  context.addIssue('must be a size of whole bytes such as 3670016, 128MB or 3.5MB')
  return z.NEVER
})

function whole(least: number, most: number) {
  return z.string().transform((input, context) => {
    const number = /^\d+$/.test(input) ? Number(input) : Number.NaN
    if (number >= least && number <= most) return number
    context.addIssue(`must be a whole number from ${least} to ${most}`)
    return z.NEVER
  })
}

const list = z.string().transform((input) =>
  input
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== ''),
)

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` })
}

const onOff = z.string().transform((input, context) => {
  if (input === 'true' || input === '1') return true
  if (input === 'false' || input === '0' || input === '') return false
  context.addIssue('must be true or false')
  return z.NEVER
})

type DurationUnit = 'ms' | 's' | 'm' | 'h'
const millisecondsPer: Record<DurationUnit, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

type SizeUnit = 'B' | 'KB' | 'MB' | 'GB'
const bytesPer: Record<SizeUnit, number> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }

// Node.js timers wrap beyond this many milliseconds (24.8 days).
const longestTimer = 2 ** 31 - 1

// Fits into one frame of the wire, with its header.
const largestPayload = 60 * 1024 ** 2

// The same for a text that crosses as a JSON string, in which every character may need an escape.
const largestTaskText = 28 * 1024 ** 2

/** Flag → option (interface.md §3), in the order in which --help shows them. */
// prettier-ignore
export const options = {
  root: option('FNBOX_ROOT', 'Function', 'DIR', "the function's code (default: the current directory)", text.default('.')),
  runtime: option('FNBOX_RUNTIME', 'Function', 'node|python|bash', "language (default: by the entry file's extension)", oneOf(['node', 'python', 'bash']).optional()),
  python: option('FNBOX_PYTHON', 'Function', 'PATH', 'interpreter (default: ROOT/.venv/bin/python, else python3)', text.optional()),
  sdk: option('FNBOX_SDK', 'Function', 'auto|bundled', 'modules for scripts: the bundled ones behind those that are installed, or in front of them (default: auto)', oneOf(['auto', 'bundled']).default('auto')),
  host: option('FNBOX_HOST', 'Server', 'ADDR', 'address to listen on (default: 127.0.0.1)', text.default('127.0.0.1')),
  port: option('PORT', 'Server', 'N', 'port to listen on, 0 for a free one (default: 8080)', whole(0, 65_535).default(8080)),
  cors: option('FNBOX_CORS', 'Server', undefined, 'add Access-Control-Allow-Origin: * to replies', onOff.default(false)),
  'admin-port': option('FNBOX_ADMIN_PORT', 'Server', 'N', 'port of its own for everything below /_/ (default: none)', whole(0, 65_535).optional()),
  'data-dir': option('FNBOX_DATA_DIR', 'Server', 'DIR', 'folder of the jobs database (default: ROOT/.fnbox)', text.optional()),
  'drain-timeout': option('FNBOX_DRAIN_TIMEOUT', 'Server', 'D', 'time to finish calls after SIGTERM (default: the execution timeout)', duration.optional()),
  'auth-keys': option('FNBOX_AUTH_KEYS', 'Access', 'F', 'file of API keys or their SHA-256, one a line, re-read on change (default: public)', text.optional()),
  'auth-jwks': option('FNBOX_AUTH_JWKS', 'Access', 'U', 'accept bearer JWTs that are signed with the keys at this URL', text.optional()),
  'auth-issuer': option('FNBOX_AUTH_ISSUER', 'Access', 'ISS', 'issuer of these JWTs', text.optional()),
  'auth-audience': option('FNBOX_AUTH_AUDIENCE', 'Access', 'AUD', 'audience of these JWTs', text.optional()),
  'tls-cert': option('FNBOX_TLS_CERT', 'Access', 'F', 'certificate chain (PEM) for HTTPS, re-read on change', text.optional()),
  'tls-key': option('FNBOX_TLS_KEY', 'Access', 'F', 'private key (PEM) of the certificate, re-read on change', text.optional()),
  tls: option('FNBOX_TLS', 'Access', 'self-signed', 'HTTPS with a certificate made at start', oneOf(['self-signed']).optional()),
  timeout: option('FNBOX_TIMEOUT', 'Limits', 'D', 'execution timeout (default: 10s)', duration.default(10_000)),
  'init-timeout': option('FNBOX_INIT_TIMEOUT', 'Limits', 'D', 'time to load the function (default: 60s; 7m for a script)', duration.default(60_000)),
  memory: option('FNBOX_MEMORY', 'Limits', 'SIZE', "memory of one instance (default: not enforced; the container's limit or 128MB is reported)", size.optional()),
  'request-limit': option('FNBOX_REQUEST_LIMIT', 'Limits', 'SIZE', 'largest request (default: 3.5MB)', sizeUpTo(largestPayload).default(3_670_016)),
  'response-limit': option('FNBOX_RESPONSE_LIMIT', 'Limits', 'SIZE', 'largest response (default: 3.5MB)', sizeUpTo(largestPayload).default(3_670_016)),
  concurrency: option('FNBOX_CONCURRENCY', 'Scaling', 'N', 'invocations at a time in one instance (default: 1)', whole(1, 10_000).default(1)),
  instances: option('FNBOX_INSTANCES', 'Scaling', 'N', 'most instances (default: 1)', whole(1, 1000).default(1)),
  'min-instances': option('FNBOX_MIN_INSTANCES', 'Scaling', 'N', 'instances kept loaded (default: 1)', whole(0, 1000).default(1)),
  queue: option('FNBOX_QUEUE', 'Scaling', 'N', 'invocations that may wait for an instance (default: 100)', whole(0, 1_000_000).default(100)),
  'queue-timeout': option('FNBOX_QUEUE_TIMEOUT', 'Scaling', 'D', 'longest wait for an instance (default: 30s)', duration.default(30_000)),
  reschedule: option('FNBOX_RESCHEDULE', 'Scaling', 'N', 're-runs of an invocation whose instance died (default: 0)', whole(0, 100).default(0)),
  'function-id': option('FNBOX_FUNCTION_ID', 'Identity', 'ID', "function id (default: derived from the root's name)", text.optional()),
  'function-version': option('FNBOX_FUNCTION_VERSION', 'Identity', 'ID', 'version id (default: derived from the code)', text.optional()),
  'folder-id': option('FNBOX_FOLDER_ID', 'Identity', 'ID', 'folder id in the context (default: none)', text.optional()),
  'log-group': option('FNBOX_LOG_GROUP', 'Identity', 'ID', 'log group id in the context (default: "")', z.string().default('')),
  token: option('FNBOX_TOKEN', 'Token', 'T', 'fixed token of the context', text.optional()),
  'token-file': option('FNBOX_TOKEN_FILE', 'Token', 'F', 'file with the token of the context, re-read on change', text.optional()),
  'token-url': option('FNBOX_TOKEN_URL', 'Token', 'U', "metadata service's URL of the token, renewed before it expires", text.optional()),
  'sa-key': option('FNBOX_SA_KEY', 'Token', 'F', "service account's key file, exchanged for tokens", text.optional()),
  'iam-url': option('FNBOX_IAM_URL', 'Token', 'U', 'where --sa-key is exchanged (default: the IAM of Yandex Cloud)', text.default('https://iam.api.cloud.yandex.net/iam/v1/tokens')),
  'job-limit': option('FNBOX_JOB_LIMIT', 'Jobs', 'SIZE', 'largest request and result of a /run job (default: 10MB)', sizeUpTo(largestPayload).default(10_485_760)),
  'job-sync-limit': option('FNBOX_JOB_SYNC_LIMIT', 'Jobs', 'SIZE', 'the same for a /runsync job (default: 20MB)', sizeUpTo(largestPayload).default(20_971_520)),
  'job-stream-limit': option('FNBOX_JOB_STREAM_LIMIT', 'Jobs', 'SIZE', 'all chunks of one attempt together (default: 256MB)', size.default(268_435_456)),
  'job-queue': option('FNBOX_JOB_QUEUE', 'Jobs', 'N', 'jobs that may wait (default: 10000)', whole(0, 10_000_000).default(10_000)),
  'job-ttl': option('FNBOX_JOB_TTL', 'Jobs', 'D', 'life of a job that has not ended (default: 24h)', duration.default(86_400_000)),
  'job-retention': option('FNBOX_JOB_RETENTION', 'Jobs', 'D', 'how long the result of a /run job is kept (default: 30m)', duration.default(1_800_000)),
  'job-sync-retention': option('FNBOX_JOB_SYNC_RETENTION', 'Jobs', 'D', 'the same for a /runsync job (default: 1m)', duration.default(60_000)),
  'job-attempts': option('FNBOX_JOB_ATTEMPTS', 'Jobs', 'N', 'attempts in all of a job whose container died (default: 3)', whole(1, 1000).default(3)),
  'job-store': option('FNBOX_JOB_STORE', 'Jobs', 'sqlite|memory', 'where jobs are kept: in --data-dir, or nowhere (default: sqlite)', oneOf(['sqlite', 'memory']).default('sqlite')),
  'stream-hold': option('FNBOX_STREAM_HOLD', 'Jobs', 'D', 'how long /stream waits for a chunk (default: 9s)', duration.default(9000)),
  'stream-cancelled-as': option('FNBOX_STREAM_CANCELLED_AS', 'Jobs', 'S', 'what /stream says of a cancelled job: CANCELLED or FAILED (default: CANCELLED)', oneOf(['CANCELLED', 'FAILED']).default('CANCELLED')),
  'webhook-allow': option('FNBOX_WEBHOOK_ALLOW', 'Jobs', 'LIST', 'private hosts, addresses and CIDR ranges that webhooks may reach, * for all (default: none)', list.default([])),
  'endpoint-id': option('FNBOX_ENDPOINT_ID', 'Jobs', 'ID', 'the only endpoint served below /v2/ (default: any)', text.optional()),
  'async-retries': option('FNBOX_ASYNC_RETRIES', 'Jobs', 'N', 'retries of an asynchronous invocation that failed (default: 0)', whole(0, 100).default(0)),
  'async-success-target': option('FNBOX_ASYNC_SUCCESS_TARGET', 'Jobs', 'URL', 'queue for the results of asynchronous invocations (default: none)', text.optional()),
  'async-failure-target': option('FNBOX_ASYNC_FAILURE_TARGET', 'Jobs', 'URL', 'queue for the failures of asynchronous invocations (default: none)', text.optional()),
  'task-attempts': option('FNBOX_TASK_ATTEMPTS', 'Tasks', 'N', 'attempts in all of a task (default: 3)', whole(1, 100).default(3)),
  'task-sns-attempts': option('FNBOX_TASK_SNS_ATTEMPTS', 'Tasks', 'N', 'the same for a task of @task_sns (default: 3)', whole(1, 100).default(3)),
  'task-backoff': option('FNBOX_TASK_BACKOFF', 'Tasks', 'D', 'wait before the second attempt, doubled for each further one up to 60s (default: 1s)', duration.default(1000)),
  'task-timeout': option('FNBOX_TASK_TIMEOUT', 'Tasks', 'D', 'time of one attempt (default: 15m)', duration.default(900_000)),
  'task-retention': option('FNBOX_TASK_RETENTION', 'Tasks', 'D', 'how long the result of a task is kept (default: 10m)', duration.default(600_000)),
  'task-instances': option('FNBOX_TASK_INSTANCES', 'Tasks', 'N', 'instances that may run tasks at once (default: --instances less one, at least 1)', whole(1, 1000).optional()),
  'task-queue': option('FNBOX_TASK_QUEUE', 'Tasks', 'N', 'tasks that have not ended (default: 10000)', whole(1, 10_000_000).default(10_000)),
  'task-keep': option('FNBOX_TASK_KEEP', 'Tasks', 'N', 'tasks that have ended; beyond, the oldest are removed (default: 10000)', whole(1, 10_000_000).default(10_000)),
  'task-result-limit': option('FNBOX_TASK_RESULT_LIMIT', 'Tasks', 'SIZE', 'largest result or progress value of a task (default: 6MB)', sizeUpTo(largestTaskText).default(6_291_456)),
  'task-events': option('FNBOX_TASK_EVENTS', 'Tasks', 'auto|on|off', 'run the task that an event carries: if the module is loaded and the caller has a key, always, never (default: auto)', oneOf(['auto', 'on', 'off']).default('auto')),
  'log-format': option('FNBOX_LOG_FORMAT', 'Logs', 'json|text', 'form of log lines (default: text on a terminal, else json)', oneOf(['json', 'text']).optional()),
  'log-level': option('FNBOX_LOG_LEVEL', 'Logs', 'L', 'trace, debug, info, warn, error, fatal or silent (default: info)', oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info')),
} as const

/** A flag without its dashes. */
export type OptionName = keyof typeof options

/** All of them, in the order of --help. */
export const optionNames = Object.keys(options) as readonly OptionName[] // the keys of that very object

/** The values of all options, parsed and with defaults filled in. */
export type OptionValues = { readonly [Name in OptionName]: z.output<(typeof options)[Name]['schema']> }

/** Whether a flag takes no value. */
export function isSwitch(name: OptionName): boolean {
  return options[name].value === undefined
}
