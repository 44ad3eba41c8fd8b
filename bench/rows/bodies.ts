// Large JSON bodies, in and out again.

import { echo } from '../calls.ts'
import { contest, type Entrant } from '../contest.ts'
import { express, fnbox, type Contender } from '../contenders.ts'
import type { Aim, Figure } from '../figure.ts'
import { load } from '../load.ts'
import type { Call } from '../request.ts'

/** 1 MB and 3 MB, in the event and in raw mode, against Express. */
export async function bodies(): Promise<readonly Figure[]> {
  return [await of(1), await of(3, [{ sign: '≥', bound: 0.4, times: 'Express' }])]
}

async function of(megabytes: number, aims: readonly Aim[] = []): Promise<Figure> {
  const body = echo(megabytes * 1e6)
  const raw = echo(megabytes * 1e6, '?integration=raw')
  const entrants = [
    entrant(fnbox('main.echo'), body),
    entrant(express('echo'), body),
    entrant(fnbox('main.raw', { name: 'fnbox, raw mode' }), raw),
  ]
  const { rate } = await contest(['rate'], entrants, rounds)
  return { name: `${megabytes} MB, ${clients} clients, calls/s`, measured: rate, aims }
}

function entrant(contender: Contender, call: Call): Entrant<'rate'> {
  return {
    contender,
    call,
    warmUp: ({ url }) => load(url, call, clients, 1),
    measure: ({ url }) => load(url, call, clients, 1),
  }
}

const clients = 4
const rounds = 4
