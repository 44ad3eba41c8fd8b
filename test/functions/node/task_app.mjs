// Functions that are tasks, or could be taken for one.

import { setTimeout as wait } from 'node:timers/promises'
import { progress, task } from 'fnbox/tasks'

export { execSync as system } from 'node:child_process'

export const number = 5
export const bound = Math.max.bind(null)

export const double = task(function double(n) {
  return n * 2
})
export const alias = double

export const echo = task(async function echo(...args) {
  return args
})

export const gives = task(function gives(what) {
  return results[what]()
})

const results = {
  big: () => 1n,
  nan: () => NaN,
  nothing: () => undefined,
  long: () => 'é'.repeat(100),
  function: () => () => 1,
  cycle() {
    const self = {}
    self.self = self
    return self
  },
}

export const fails = task(function fails(message) {
  throw new RangeError(message)
})

export const unnamed = task(() => 1)
export const elsewhere = task((n) => n + 1, { path: 'task_app.elsewhere' })
export const limited = task(function limited() {}, { delay: 2, attempts: 5, timeout: 0.5 })

export function plain(...args) {
  return ['plain', ...args]
}

export const nests = task(async function nests() {
  return (await double(2)).id
})

export const works = task(async function works(value) {
  return progress(value?.$bigint === undefined ? value : BigInt(value.$bigint))
})

export const late = task(async function late(what) {
  if (what === 'own') setTimeout(() => Promise.reject(new RangeError('own')))
  if (what === 'left') setTimeout(() => Promise.reject(new RangeError('left')), 20)
  if (what === 'own') await wait(60_000)
  if (what === 'meets') await wait(60)
  return what
})

export const prints = task(function prints() {
  console.log('printed')
  return 1
})

export const leaves = task(function leaves(code) {
  process.exit(code)
})

export const handler = async (event) => ['handler', event]
