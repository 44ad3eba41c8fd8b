// Which queues hear of asynchronous invocations, and in whose name we write to them (jobs.md FN-6).

import { readFileSync } from 'node:fs'

/** Where the ends of asynchronous invocations are told. */
export interface SqsSettings {
  /** URLs of queues of an SQS-compatible service; undefined: none */
  readonly success: string | undefined
  readonly failure: string | undefined
  readonly region: string
  readonly credentials: TargetCredentials | undefined
}

/** A static key of the service. */
export interface TargetCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** The queues as the options name them. */
export type ChosenTargets = Pick<SqsSettings, 'success' | 'failure'>

/**
 * Finds region and credentials among the variables. Those that begin with FNBOX_AWS_ are the server's alone and count first; the
 * usual AWS_ ones are the function's as well, which sees them in any case (interface.md §8).
 */
export function toSqsSettings(
  { success, failure }: ChosenTargets,
  env: Readonly<Record<string, string | undefined>>,
): SqsSettings {
  const region =
    present(env['FNBOX_AWS_REGION']) ?? present(env['AWS_REGION']) ?? present(env['AWS_DEFAULT_REGION'])
  return { success, failure, region: region ?? yandexRegion, credentials: toCredentials(env) }
}

/** What is wrong with the settings, one sentence each. An address is not repeated: it may hold a password. */
export function sqsProblems({ success, failure, credentials }: SqsSettings): readonly string[] {
  const problems: string[] = []
  for (const [flag, url] of [
    ['--async-success-target', success],
    ['--async-failure-target', failure],
  ] as const) {
    if (url === undefined) continue
    if (!isQueueUrl(url))
      problems.push(`${flag}: must be the http or https URL of a queue, without a password`)
    if (credentials === undefined)
      problems.push(
        `${flag}: needs the key of a service account in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or FNBOX_AWS_ACCESS_KEY_ID and FNBOX_AWS_SECRET_ACCESS_KEY_FILE, which the function does not see`,
      )
  }
  return problems
}

function toCredentials(env: Readonly<Record<string, string | undefined>>): TargetCredentials | undefined {
  // All from one place: half a key of the one and half of the other make none.
  const prefix = present(env['FNBOX_AWS_ACCESS_KEY_ID']) === undefined ? 'AWS_' : 'FNBOX_AWS_'
  const read = (name: string): string | undefined => present(env[prefix + name])
  const accessKeyId = read('ACCESS_KEY_ID')
  const file = prefix === 'FNBOX_AWS_' ? read('SECRET_ACCESS_KEY_FILE') : undefined
  const secretAccessKey = read('SECRET_ACCESS_KEY') ?? (file === undefined ? undefined : fromFile(file))
  const sessionToken = read('SESSION_TOKEN')
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

// A file that cannot be read is a key that is missing: the problem says where one is looked for.
function fromFile(path: string): string | undefined {
  try {
    return present(readFileSync(path, 'utf8').trim())
  } catch {
    return undefined
  }
}

function isQueueUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

// An empty variable is how compose files and manifests spell "not set".
function present(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

// Of Yandex Message Queue.
const yandexRegion = 'ru-central1'
