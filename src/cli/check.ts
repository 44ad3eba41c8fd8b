// fnbox check: loads the function once, and prints the problems of function and configuration together.

import { App } from '../app.ts'
import type { CheckedConfig, Config } from '../config.ts'
import type { Fault } from '../errors.ts'
import type { OptionName } from '../options.ts'
import { endOnSignal, type Host } from './serve.ts'

/** Prints every problem found. Returns the exit code: 0 fine, 1 problems. */
export async function check({ config, problems }: CheckedConfig, host: Host): Promise<number> {
  const loading =
    config === undefined ? undefined : await load(problems.length > 0 ? withoutAccess(config) : config, host)
  const ofToken =
    loading?.tokenProblem === undefined ? [] : [`the source of tokens fails: ${loading.tokenProblem}`]
  const all = [...problems, ...ofToken, ...(loading?.type === 'failed' ? [describe(loading)] : [])]
  if (all.length > 0) print(all.length === 1 ? '1 problem:' : `${all.length} problems:`)
  for (const problem of all) print(`  - ${problem.replaceAll('\n', '\n    ')}`)
  if (loading?.type === 'loaded') print(`${config?.handler} loads (${loading.language})`)
  return all.length > 0 ? 1 : 0
}

type Loading = { readonly tokenProblem?: string | undefined } & (
  | { readonly type: 'loaded'; readonly language: string }
  /** `output`: the lines that the function has written during the load */
  | { readonly type: 'failed'; readonly fault: Fault; readonly output: readonly string[] }
)

// Problems of these options are reported already, and would keep the function from being loaded.
function withoutAccess(config: Config): Config {
  const absent = Object.fromEntries(accessOptions.map((name) => [name, undefined]))
  return { ...config, options: { ...config.options, ...absent } }
}

async function load(config: Config, host: Host): Promise<Loading> {
  const options = { ...config.options, 'min-instances': 1, 'job-store': 'memory' } as const // dispatched tasks are dropped
  const app = new App({ ...config, options })
  endOnSignal(app, host)
  const output: string[] = []
  app.events.on('function-wrote', ({ text }) => output.push(text))
  const result = new Promise<Loading>((settle) => {
    app.events.once('instance-loaded', ({ language }) => settle({ type: 'loaded', language }))
    app.events.once('start-failed', ({ fault }) => settle({ type: 'failed', fault, output }))
  })
  await app.start()
  const loading = await result
  const { token } = app.invoker.status
  await app.kill()
  await app.stop() // the store of jobs too: the module may have dispatched a task while it was loaded
  return token?.status === 'failing' ? { ...loading, tokenProblem: token.reason } : loading
}

function describe({ fault, output }: Extract<Loading, { type: 'failed' }>): string {
  const { errorType, message, row, body } = fault
  const stack =
    body.stackTrace?.map((each) => (typeof each === 'string' ? each.trimEnd() : JSON.stringify(each))) ?? []
  const wrote = output.length > 0 ? ['it wrote:', ...output] : []
  return [`the function does not load: ${errorType}: ${message}`, ...stack, row.advice, ...wrote].join('\n')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

// prettier-ignore
const accessOptions: readonly OptionName[] = [
  'auth-keys', 'auth-jwks', 'tls-cert', 'tls-key', 'tls', 'token', 'token-file', 'token-url', 'sa-key',
]
