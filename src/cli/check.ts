// fnbox check: loads the function once and says what is wrong with it.

import { App } from '../app.ts'
import type { Config } from '../config.ts'
import type { Fault } from '../errors.ts'
import { endOnSignal, type Host } from './host.ts'

/** Prints every problem found. Returns the exit code. */
export async function check(config: Config, host: Host): Promise<number> {
  const app = new App({ ...config, options: { ...config.options, 'min-instances': 1 } })
  endOnSignal(app, host)
  const output: string[] = []
  app.events.on('function-wrote', ({ text }) => output.push(text))
  const result = new Promise<{ language: string } | { fault: Fault }>((settle) => {
    app.events.once('instance-loaded', settle)
    app.events.once('start-failed', settle)
  })
  await app.start()
  const loaded = await result
  await app.kill()
  if ('fault' in loaded) return report(loaded.fault, output)
  process.stdout.write(`${config.handler} loads (${loaded.language})\n`)
  return 0
}

function report({ errorType, message, row, body }: Fault, output: readonly string[]): number {
  const stack =
    body.stackTrace?.map((each) => (typeof each === 'string' ? each.trimEnd() : JSON.stringify(each))) ?? []
  const lines = [
    `${errorType}: ${message}`,
    ...stack,
    row.advice,
    ...(output.length > 0 ? ['it wrote:', ...output] : []),
  ]
  process.stdout.write(
    `the function does not load:\n${lines.map((each) => `  ${each.replaceAll('\n', '\n  ')}\n`).join('')}`,
  )
  return 1
}
