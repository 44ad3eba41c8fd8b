// A process of its own that uses a store as it is told: methods and values come in, results go out. It also fills and locks its disk.

import { execFileSync } from 'node:child_process'
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { sqliteStore } from '../../../src/jobs/store/sqlite/store.ts'

const directory = process.argv[2] ?? ''
const ballast = join(directory, 'ballast')
const store = sqliteStore(directory, () => Date.UTC(2030, 0, 1)) // `start` of the tests

const others: Readonly<Record<string, () => unknown>> = {
  fill: () => {
    const file = openSync(ballast, 'a')
    try {
      for (;;) writeSync(file, Buffer.alloc(4096))
    } catch {
      closeSync(file) // full
    }
  },
  empty: () => unlinkSync(ballast),
  forbid: () => execFileSync('mount', ['-o', 'remount,ro', directory]),
  allow: () => execFileSync('mount', ['-o', 'remount,rw', directory]),
}

process.on('message', ({ number, name, values }: { number: number; name: string; values: unknown[] }) => {
  void answer(name, values).then((result) => process.send?.({ number, ...result }))
})

async function answer(name: string, values: unknown[]): Promise<object> {
  try {
    const methods = { ...store, ...others, start: () => store.start(), stop: () => store.stop() }
    const method = (methods as Record<string, (...values: unknown[]) => unknown>)[name]
    return { value: await method?.(...values) }
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  }
}
