// A script whose jobs dispatch tasks (tasks.md P2, L3).

import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from 'fnbox/serverless'
import { getTask, task } from 'fnbox/tasks'

globalThis.loads = (globalThis.loads ?? 0) + 1

const triple = task(function triple(n) {
  return [n * 3, '__main__', ['__main__', '__main__'].slice(globalThis.loads)]
})

const notes = task(function notes(path, text) {
  appendFileSync(path, `${text}\n`)
})

const fails = task(function fails() {
  throw new RangeError('it broke')
})

const handler = async ({ input }) => {
  if (input.triple !== undefined) return (await triple(input.triple)).id
  if (input.read !== undefined) return { status: (await getTask(input.read).status()).state }
  if (input.fails !== undefined) return (await fails()).id
  if (input.dispatch !== undefined) {
    const { id } = await notes(input.note, input.dispatch)
    appendFileSync(input.dispatched, '')
    while (!existsSync(input.gate)) await sleep(5)
    return id
  }
  appendFileSync(input.note, `${input.text}\n`)
  return null
}

await start({ handler })
