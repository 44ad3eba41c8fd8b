// Tasks that do what they are told (tasks.md), and a handler that dispatches and reads them as a request says.

import { appendFileSync, existsSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { getTask, progress, task } from 'fnbox/tasks'

const awaitFile = async (path) => {
  while (!existsSync(path)) await sleep(5)
}

const functions = {
  double(n) {
    return n * 2
  },
  echo(value) {
    return value
  },
  notes(path, text) {
    appendFileSync(path, `${text}\n`)
    return text
  },
  fails(message) {
    throw new RangeError(message)
  },
  third(path) {
    appendFileSync(path, 'x')
    const made = statSync(path).size
    if (made < 3) throw new RangeError(`attempt ${made}`)
    return 5
  },
  async waits(started, gate) {
    appendFileSync(started, 'x')
    await awaitFile(gate)
    return 'through'
  },
  dies(path, how) {
    if (existsSync(path)) return 'survived'
    appendFileSync(path, 'x')
    if (how === 'kill') process.kill(process.pid, 'SIGKILL')
    process.exit(how === 'leave' ? 7 : 3)
  },
  leaves() {
    process.exit(7)
  },
  loops() {
    for (;;);
  },
  nan() {
    return NaN
  },
  async shows(value, gate) {
    const shown = await progress(value)
    await awaitFile(gate)
    return shown ? 1 : 0
  },
  unkeepable() {
    return 1n
  },
  async nests() {
    return (await tasks.double(21)).id
  },
}

const tasks = Object.fromEntries(Object.entries(functions).map(([name, fn]) => [name, task(fn)]))

const dispatch = (name, args = [], { delay_seconds: delay, ...options } = {}) =>
  task(functions[name], { delay, ...options })(...args)

const read = async (id) => {
  const status = await getTask(id).status()
  if (status === null) return null
  const isFinal = status.state === 'complete' || status.state === 'failed'
  if (isFinal) return { status: 'complete', response: await getTask(id).result() }
  return { status: 'in progress', response: status.progress ?? 'N/A' }
}

const told = async (promise) => {
  try {
    return await promise
  } catch (error) {
    return { raised: error.constructor.name, text: error.message, code: error.code }
  }
}

export const handler = async (event) => {
  switch (event.do) {
    case 'dispatch': {
      const ids = []
      for (const each of event.tasks) ids.push((await dispatch(...each)).id)
      return ids
    }
    case 'read':
      return told(read(event.id))
    case 'wait': {
      const handle = await dispatch(...event.task)
      return [handle.id, await told(handle.result())]
    }
    case 'hand over':
      return told(dispatch(...event.task))
    case 'dispatch and read': {
      const { id } = await dispatch(...event.task)
      const answer = await told(read(id))
      appendFileSync(event.path, 'request\n')
      return [id, answer]
    }
    case 'hold':
      appendFileSync(event.started, 'x')
      await awaitFile(event.gate)
      appendFileSync(event.path, `${event.text}\n`)
      return event.dispatch === undefined ? 'held' : told(dispatch(...event.dispatch))
    case 'elsewhere': {
      const own = process.env.FNBOX_RUNTIME_API
      process.env.FNBOX_RUNTIME_API = event.address
      const calls = [tasks.notes(event.path, 'ran'), getTask('x').result(), getTask('x').status()]
      const answers = await Promise.all(calls.map(told))
      process.env.FNBOX_RUNTIME_API = own
      return answers
    }
    case 'environment':
      return { ...process.env }
    default:
      return ['handler', event]
  }
}
