// How a process ended, and what its callers are told.

import { describe, expect, it } from 'vitest'
import { Fault, type FaultCode } from '../../src/errors.ts'
import {
  asLoadFault,
  faultOfEnd,
  killed,
  otherRelease,
  toLoadFault,
  type EndCause,
  type Exit,
} from '../../src/exit.ts'
import { transition, transitions, type InstanceState } from '../../src/invoker/instanceState.ts'

const exited: Exit = { type: 'exited', code: 3 }
const withoutAnswer = 'Function process exited without answering'
const ranOut = 'Function process ran out of memory'

function unstartable(code?: string): Exit {
  return { type: 'unstartable', cause: Object.assign(new Error('spawn'), code === undefined ? {} : { code }) }
}

describe('the fault of calls whose process has ended', () => {
  it.each<[EndCause['type'] | undefined, Exit, boolean, FaultCode, string]>([
    ['stopped', killed, true, 'draining', 'Service Unavailable'],
    ['memory', killed, false, 'out_of_memory', ranOut],
    ['expired', exited, true, 'process_exit', `${withoutAnswer}: signal SIGKILL`],
    ['unstoppable', exited, true, 'process_exit', `${withoutAnswer}: signal SIGKILL`],
    ['load-failed', exited, false, 'process_exit', `${withoutAnswer}: exit code 3`],
    ['load-failed', exited, true, 'out_of_memory', ranOut],
    ['channel', killed, false, 'process_exit', `${withoutAnswer}: signal SIGKILL`],
    ['channel', killed, true, 'out_of_memory', ranOut],
    [undefined, exited, false, 'process_exit', `${withoutAnswer}: exit code 3`],
    [undefined, killed, true, 'out_of_memory', ranOut],
  ])('tells why it ended: %s, %j, out of memory: %s', (type, exit, outOfMemory, code, message) => {
    const fault = faultOfEnd(type === undefined ? undefined : { type }, exit, outOfMemory)
    expect(fault).toMatchObject({ code, message })
  })

  it.each([
    [undefined, 'install the interpreter or name it with --python'],
    ['ENOENT', 'install the interpreter or name it with --python'],
    ['EMFILE', 'raise the limit of open files of the server (ulimit -n)'],
    ['ENFILE', 'raise the limit of open files of the machine'],
    ['EAGAIN', 'raise the limit of processes of its user or container (ulimit -u)'],
    ['ENOMEM', 'give the machine or the container more memory'],
  ])('says what helps when it could not be started: %s', (code, remedy) => {
    const { message } = faultOfEnd(undefined, unstartable(code), false)
    expect(message).toBe(`${withoutAnswer}: it could not be started (spawn); ${remedy}`)
  })
})

describe('the fault of a load', () => {
  it("is the language's own error", () => {
    const error = { errorMessage: 'no', errorType: 'E' }
    expect(toLoadFault(error)).toMatchObject({ code: 'load_failed', message: 'no', errorType: 'E', body: {} })
    expect(toLoadFault({ ...error, stackTrace: ['at'] }).body).toEqual({ stackTrace: ['at'] })
  })

  it.each<[FaultCode, FaultCode]>([
    ['process_exit', 'load_failed'],
    ['out_of_memory', 'load_failed'],
    ['load_timeout', 'load_timeout'],
  ])('%s is told as %s', (code, told) => {
    const fault = new Fault(code, 'why', { errorType: 'E' })
    expect(asLoadFault(fault)).toMatchObject({ code: told, message: 'why', errorType: 'E' })
  })

  it('names both versions when server and runtime are of different releases', () => {
    expect(otherRelease(1, 2)).toMatchObject({
      code: 'internal',
      message:
        "The language's runtime speaks version 1 of the protocol, the server version 2; install both from one release",
    })
  })
})

describe('the state of an instance', () => {
  it('makes only the transitions of the table', () => {
    const legal = [
      'loading idle',
      'loading stopping',
      'loading gone',
      'idle busy',
      'idle stopping',
      'idle gone',
    ]
    legal.push('busy idle', 'busy retiring', 'busy stopping', 'busy gone')
    legal.push('retiring stopping', 'retiring gone', 'stopping gone')
    const states = Object.keys(transitions) as InstanceState[] // its keys are all states
    const made = states.flatMap((from) =>
      states
        .filter((to) => transitions[from].includes(to) && transition(from, to) === to)
        .map((to) => `${from} ${to}`),
    )
    expect(made.toSorted()).toEqual(legal.toSorted())
    expect(() => transition('gone', 'idle')).toThrow('an instance cannot go from gone to idle')
  })
})
