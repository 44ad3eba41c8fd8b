// Large JSON bodies, in and out again.

import { echo } from '../calls.ts'
import { contest, underLoad } from '../contest.ts'
import { express, fnbox } from '../contenders.ts'
import type { Aim, Figure } from '../figure.ts'

/** 1 MB and 3 MB, in the event and in raw mode, against Express. */
export async function bodies(): Promise<readonly Figure[]> {
  return [await of(1), await of(3, [{ sign: '≥', target: 0.4, times: 'Express' }])]
}

async function of(megabytes: number, aims: readonly Aim[] = []): Promise<Figure> {
  const body = echo(megabytes * 1e6)
  const raw = echo(megabytes * 1e6, '?integration=raw')
  const entrants = [
    underLoad(fnbox('main.echo'), body, clients),
    underLoad(express('echo'), body, clients),
    underLoad(fnbox('main.raw', { name: 'fnbox, raw mode' }), raw, clients),
  ]
  const { rate } = await contest(['rate'], entrants, rounds)
  return { name: `${megabytes} MB, ${clients} clients, calls/s`, measured: rate, aims }
}

const clients = 4
const rounds = 3
