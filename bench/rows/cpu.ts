// CPU time per call under load, by process.

import { hello } from '../calls.ts'
import { contest, type Entrant } from '../contest.ts'
import { fnbox, functionsFramework, relay, workerd, type Contender } from '../contenders.ts'
import type { Aim, Figure } from '../figure.ts'
import { load } from '../load.ts'
import { cpuTimeOf, treeOf, type CpuTime } from '../processes.ts'
import type { Server } from '../server.ts'

/** Node.js, 32 clients: the supervisor against whole peers. */
export async function cpu(): Promise<readonly Figure[]> {
  const contenders = [fnbox('main.hello'), functionsFramework('hello'), workerd(), relay(3)]
  const found = await contest(names, contenders.map(entrant), rounds)
  const figure = (name: string, kind: Kind, aims: readonly Aim[] = []): Figure => {
    const measured = lines.flatMap(([of, contender, part]) => {
      const each = found[`${part} ${kind}`][contender]
      return each === undefined ? [] : [{ ...each, of }]
    })
    return { name, measured, aims }
  }
  return [
    figure('32 clients, CPU, µs/call', 'both', [{ sign: '≤', target: 0.8, times: 'functions-framework' }]),
    figure('user, µs/call', 'user'),
    figure('system, µs/call', 'system'),
  ]
}

function entrant(contender: Contender): Entrant<Name> {
  return { contender, call: hello, warmUp, measure }
}

async function warmUp({ url }: Server): Promise<unknown> {
  return load(url, hello, 32, 1)
}

async function measure({ url, pid }: Server): Promise<Readonly<Record<Name, number>>> {
  const [, ...below] = treeOf(pid)
  const [parentBefore, childrenBefore] = [cpuTimeOf([pid]), cpuTimeOf(below)]
  const { answers } = await load(url, hello, 32, seconds)
  const parent = perCall(parentBefore, cpuTimeOf([pid]), answers)
  const children = perCall(childrenBefore, cpuTimeOf(below), answers)
  const whole = { user: parent.user + children.user, system: parent.system + children.system }
  const values = Object.entries({ parent, children, whole }).flatMap(([part, { user, system }]) => [
    [`${part} user`, user],
    [`${part} system`, system],
    [`${part} both`, user + system],
  ])
  return Object.fromEntries(values) as Record<Name, number> // one entry for each part and kind
}

function perCall(before: CpuTime, after: CpuTime, calls: number): CpuTime {
  return { user: (after.user - before.user) / calls, system: (after.system - before.system) / calls }
}

type Part = 'parent' | 'children' | 'whole'
type Kind = 'user' | 'system' | 'both'
type Name = `${Part} ${Kind}`

const parts: readonly Part[] = ['parent', 'children', 'whole']
const kinds: readonly Kind[] = ['user', 'system', 'both']
const names = parts.flatMap((part) => kinds.map((kind): Name => `${part} ${kind}`))

// The first one is compared with each other one. By contender, in their order.
const lines: readonly (readonly [of: string, contender: number, part: Part])[] = [
  ['fnbox, supervisor', 0, 'parent'],
  ['functions-framework', 1, 'whole'],
  ['workerd', 2, 'whole'],
  ['relay, 3 ahead, parent', 3, 'parent'],
  ['fnbox, instance', 0, 'children'],
  ['relay, 3 ahead, child', 3, 'children'],
]

const rounds = 3
const seconds = 3 // hundreds of the kernel's steps of 10 ms
