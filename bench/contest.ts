// Contenders measured alternately, A B C A B C …, so that other work of the machine affects all of them alike.

import type { Contender } from './contenders.ts'
import type { Measured } from './figure.ts'
import { load, type Load } from './load.ts'
import type { Call } from './request.ts'
import { launch, type Server } from './server.ts'

/** A contender and how it is measured once. */
export interface Entrant<Name extends string> {
  readonly contender: Contender
  /** its first right answer says that it is there */
  readonly call: Call
  /** one value for each figure */
  readonly measure: (server: Server) => Promise<Readonly<Record<Name, number>>>
  /** before anything counts */
  readonly warmUp?: (server: Server) => Promise<unknown>
}

/** What was measured of all of them, by figure. A contender that cannot be measured says why, and the others go on. */
export async function contest<Name extends string>(
  names: readonly Name[],
  entrants: readonly Entrant<Name>[],
  rounds: number,
): Promise<Readonly<Record<Name, readonly Measured[]>>> {
  await using stack = new AsyncDisposableStack()
  const runners = entrants.map((each) => new Runner(each))
  for (const runner of runners) await runner.start(stack)
  for (let round = 0; round < rounds; round++) for (const runner of runners) await runner.measure()
  return byFigure(names, runners)
}

/** The same, with a new server for each measurement, and none beside it. */
export async function contestOfStarts<Name extends string>(
  names: readonly Name[],
  entrants: readonly Entrant<Name>[],
  rounds: number,
): Promise<Readonly<Record<Name, readonly Measured[]>>> {
  const runners = entrants.map((each) => new Runner(each))
  for (let round = 0; round < rounds; round++)
    for (const runner of runners) {
      await using stack = new AsyncDisposableStack()
      await runner.start(stack)
      await runner.measure()
    }
  return byFigure(names, runners)
}

/** Loads a contender with some clients for a second, once to warm it up and once for each round. */
export function underLoad(
  contender: Contender,
  call: Call,
  clients: number,
): Entrant<'rate' | 'p50' | 'p99'> {
  const measure = ({ url }: Server): Promise<Load> => load(url, call, clients, 1)
  return { contender, call, warmUp: measure, measure }
}

// Owns what was measured of one contender, and why it can be measured no more.
class Runner<Name extends string> {
  readonly #entrant: Entrant<Name>
  readonly #values: Readonly<Record<Name, number>>[] = []
  #server: Server | undefined
  #missing: string | undefined

  constructor(entrant: Entrant<Name>) {
    this.#entrant = entrant
    this.#missing = entrant.contender.missing
  }

  async start(stack: AsyncDisposableStack): Promise<void> {
    const { contender, call, warmUp } = this.#entrant
    await this.#unlessMissing(async () => {
      this.#server = stack.use(await launch(contender.command, call))
      await warmUp?.(this.#server)
    })
  }

  async measure(): Promise<void> {
    await this.#unlessMissing(async () => {
      if (this.#server !== undefined) this.#values.push(await this.#entrant.measure(this.#server))
    })
  }

  of(name: Name): Measured {
    const of = this.#entrant.contender.name
    return this.#missing === undefined
      ? { of, values: this.#values.map((each) => each[name]) }
      : { of, missing: this.#missing }
  }

  async #unlessMissing(step: () => Promise<void>): Promise<void> {
    if (this.#missing !== undefined) return
    try {
      await step()
    } catch (error) {
      this.#missing = `not measured: ${error instanceof Error ? error.message : String(error)}`.replaceAll(
        /\s+/g,
        ' ',
      )
    }
  }
}

function byFigure<Name extends string>(
  names: readonly Name[],
  runners: readonly Runner<Name>[],
): Readonly<Record<Name, readonly Measured[]>> {
  const entries = names.map((name) => [name, runners.map((each) => each.of(name))])
  return Object.fromEntries(entries) as Record<Name, readonly Measured[]> // one entry for each name
}
