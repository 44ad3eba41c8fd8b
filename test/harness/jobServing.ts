// The jobs API served for a test on a free port, in front of an engine that the test drives; and a client of it that holds
// every answer against the OpenAPI description.

import { catalogue, type FaultCode } from '../../src/errors.ts'
import type { JobSettings } from '../../src/http/jobs/handlers.ts'
import { toJobSettings } from '../../src/settings.ts'
import { serveEndpoints, type EndpointTerms, type ServedEndpoints } from './endpoints.ts'
import { makeDriver, type JobDriver } from './jobDriver.ts'
import { ObservedJobs } from './observedJobs.ts'
import { answerProblems } from './openapi.ts'

/** A running server; disposing of it closes it. */
export interface JobServing extends Omit<ServedEndpoints, 'stop'>, AsyncDisposable {
  /** makes things happen */
  readonly engine: JobDriver
  /** what is asked of the engine */
  readonly jobs: ObservedJobs
}

/** Serves jobs; `settings` take the place of what flags would say. */
export async function serveJobs(
  settings: Partial<JobSettings> = {},
  terms: EndpointTerms = {},
): Promise<JobServing> {
  const engine = await makeDriver()
  const jobs = new ObservedJobs(engine.service)
  const { stop, ...endpoints } = await serveEndpoints(terms, (config) => ({
    jobs: { service: jobs.service, settings: { ...toJobSettings(config), ...settings } },
  }))
  return {
    ...endpoints,
    engine,
    jobs,
    [Symbol.asyncDispose]: async () => {
      engine.drain()
      await stop()
      await engine.stop()
    },
  }
}

/** An answer that was read whole. */
export interface JobAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** undefined when it is no JSON */
  readonly json: unknown
}

/** What a request may have besides method and path. */
export interface Ask {
  readonly body?: string | Buffer | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Asks, and throws when the answer is not as the description or the catalogue of faults says. */
export async function ask(
  { url }: Pick<JobServing, 'url'>,
  method: string,
  path: string,
  { body, headers = {}, signal }: Ask = {},
): Promise<JobAnswer> {
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type') === 'application/json' && text !== ''
  const answer = {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as unknown) : undefined,
  }
  const code = response.headers.get('x-fnbox-fault')
  const isElsewhere = code === 'unknown_route' || code === 'method_not_allowed'
  const problems = [...(isElsewhere ? [] : answerProblems(method, path, answer)), ...faultProblems(answer)]
  if (problems.length > 0) throw new Error(`${method} ${path}: ${problems.join('; ')}\n${text}`)
  return answer
}

/** Submits a job. @returns its id */
export async function submit(serving: JobServing, body: object = { input: {} }): Promise<string> {
  const { json } = await ask(serving, 'POST', '/run', { body: JSON.stringify(body) })
  return (json as { id: string }).id
}

/** Settles when so many requests watch a job. */
export async function watched(serving: JobServing, id: string, count = 1): Promise<void> {
  while (serving.jobs.watchers(id) < count) await new Promise((settle) => setImmediate(settle))
}

// Every error carries its code, and nothing else does (jobs.md ).
function faultProblems({ status, headers }: JobAnswer): readonly string[] {
  const code = headers.get('x-fnbox-fault')
  if (headers.get('cache-control') !== 'no-store') return ['Cache-Control is missing']
  if (status < 300) return code === null ? [] : [`a success with fault ${code}`]
  return code !== null && catalogue[code as FaultCode].status === status // a code that is none would throw
    ? []
    : [`status ${status} with fault ${code}`]
}
