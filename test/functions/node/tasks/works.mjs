// Tasks that do what they are told (tasks.md), and a handler that dispatches and reads them as a request says.

import { appendFileSync, existsSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { LambdaAsyncResponse, getAsyncResponse, run, task, taskSns, updateProgress } from 'fnbox/tasks'

const awaitFile = async (path) => {
  while (!existsSync(path)) await sleep(5)
}

const tasks = {
  double: task(function double(n) {
    return n * 2
  }),
  echo: task(function echo(value) {
    return value
  }),
  mail: taskSns(function mail(to, subject = 'none') {
    return [to, subject]
  }),
  notes: task(function notes(path, text) {
    appendFileSync(path, `${text}\n`)
    return text
  }),
  fails: task(function fails(message) {
    throw new RangeError(message)
  }),
  refuses: taskSns(function refuses() {
    throw new RangeError('refused')
  }),
  third: task(function third(path) {
    appendFileSync(path, 'x')
    const made = statSync(path).size
    if (made < 3) throw new RangeError(`attempt ${made}`)
    return 5
  }),
  waits: task(async function waits(started, gate) {
    appendFileSync(started, 'x')
    await awaitFile(gate)
    return 'through'
  }),
  dies: task(function dies(path, how) {
    if (existsSync(path)) return 'survived'
    appendFileSync(path, 'x')
    if (how === 'kill') process.kill(process.pid, 'SIGKILL')
    process.exit(how === 'leave' ? 7 : 3)
  }),
  leaves: task(function leaves() {
    process.exit(7)
  }),
  loops: task(function loops() {
    for (;;);
  }),
  nan: task(function nan() {
    return NaN
  }),
  shows: task(async function shows(value, gate) {
    const shown = await updateProgress(value)
    await awaitFile(gate)
    return shown ? 1 : 0
  }),
  unkeepable: task(function unkeepable() {
    return 1n
  }),
  nests: task(async function nests() {
    return (await tasks.double(21)).responseId
  }),
}

const dispatch = (name, args = [], { delay_seconds: delaySeconds, capture_response: captureResponse } = {}) =>
  run(tasks[name], args, {}, { delaySeconds, captureResponse, service: tasks[name].service })

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
      for (const each of event.tasks) ids.push((await dispatch(...each)).responseId)
      return ids
    }
    case 'read':
      return told(getAsyncResponse(event.id))
    case 'wait': {
      const response = await dispatch(...event.task)
      return [response.responseId, await told(response.wait())]
    }
    case 'hand over':
      return told(dispatch(...event.task))
    case 'send':
      return (await new LambdaAsyncResponse().send(event.path, [], {})).responseId
    case 'dispatch and read': {
      const response = await dispatch(...event.task)
      const answer = await told(getAsyncResponse(response.responseId))
      appendFileSync(event.path, 'request\n')
      return [response.responseId, answer]
    }
    case 'hold':
      appendFileSync(event.started, 'x')
      await awaitFile(event.gate)
      appendFileSync(event.path, `${event.text}\n`)
      return event.dispatch === undefined ? 'held' : told(dispatch(...event.dispatch))
    case 'elsewhere': {
      const own = process.env.FNBOX_RUNTIME_API
      process.env.FNBOX_RUNTIME_API = event.address
      const calls = [tasks.notes(event.path, 'ran'), run(tasks.notes, [event.path, 'ran']), getAsyncResponse('x')]
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
