// A batch: calls that wait are decided together, on what was loaded for all of them at once.

import { operations, type StoreCall, type Deciding } from './operations.ts'
import type { Needs, Unit } from './unit.ts'

/** Needs of all calls of a batch. */
export interface BatchNeeds extends Required<Omit<Needs, 'sweep'>> {
  readonly sweep: Needs['sweep']
}

/** What a batch of calls must load. */
export function needsOf(calls: readonly StoreCall<Deciding>[]): BatchNeeds {
  const ids = new Set<string>()
  const keys = new Set<string>()
  let [counts, queued] = [false, false]
  let [numbers, jobs, tasks, deliveries] = [0, 0, 0, 0]
  let sweep: Needs['sweep']
  for (const call of calls) {
    const needs = neededBy(call)
    for (const id of needs.ids ?? []) ids.add(id)
    for (const key of needs.keys ?? []) keys.add(key)
    counts ||= needs.counts ?? false
    queued ||= needs.queued ?? false
    numbers += needs.numbers ?? 0
    deliveries += needs.deliveries ?? 0
    jobs += needs.heads?.jobs ?? 0
    tasks += needs.heads?.tasks ?? 0
    sweep ??= needs.sweep
    if (call.name === 'cancel' && jobs > 0) jobs++ // it may take a head away
  }
  return {
    ids: [...ids],
    keys: [...keys],
    counts,
    queued,
    numbers,
    heads: { jobs, tasks },
    deliveries,
    sweep,
  }
}

/** What became of a call. */
export type StoreResult = { readonly value: unknown } | { readonly failure: string }

/** Decides calls in order. @throws DecisionError when one fails: the unit is spoilt, and the others are decided on a new one */
export function decide(unit: Unit, calls: readonly StoreCall<Deciding>[]): readonly StoreResult[] {
  return calls.map((call) => {
    try {
      return { value: decideOne(unit, call) }
    } catch (cause) {
      throw new DecisionError(call, cause)
    }
  })
}

/** A call has failed by itself. */
export class DecisionError extends Error {
  override readonly name = 'DecisionError'
  readonly call: StoreCall

  constructor(call: StoreCall, cause: unknown) {
    super(messageOf(cause), { cause })
    this.call = call
  }
}

/** What went wrong, as the database or the system says it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

// Each name goes with its own values, which TypeScript cannot know of a union.
function neededBy({ name, values }: StoreCall<Deciding>): Needs {
  return (operations[name].needs as (...values: readonly unknown[]) => Needs)(...values)
}

function decideOne(unit: Unit, { name, values, repeated = false }: StoreCall<Deciding>): unknown {
  const { decide: decideCall } = operations[name]
  return (decideCall as (unit: Unit, values: readonly unknown[], repeated: boolean) => unknown)(
    unit,
    values,
    repeated,
  )
}
