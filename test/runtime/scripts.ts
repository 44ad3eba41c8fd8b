// Scripts on the wire, as the tests of each language play them.

import { expect } from 'vitest'
import type { Header, Peer } from './player.ts'

/** How a job ended, as the instance tells it. */
export interface Ending {
  readonly chunks: readonly unknown[]
  readonly header: Header
  readonly output: unknown
}

/** All frames of a job up to its end; chunks are JSON. */
export async function run(peer: Peer, input: unknown, id = '1', members: object = {}): Promise<Ending> {
  await peer.submit(input, id, members)
  return endOf(peer)
}

/** The frames of the running job up to its end. */
export async function endOf(peer: Peer): Promise<Ending> {
  const chunks: unknown[] = []
  for (;;) {
    const { header, body } = await peer.next()
    if (header.type === 'chunk') chunks.push(JSON.parse(body.toString()))
    else if (header.type !== 'slots' && header.type !== 'progress')
      return { chunks, header, output: body.length === 0 ? undefined : JSON.parse(body.toString()) }
  }
}

/** The members of an error text (W-10, NODE-6). */
export function errorOf({ header }: Ending): Record<string, string> {
  return JSON.parse(String(header['error'])) as Record<string, string> // all of them are strings
}

/** A script that serves. */
export async function servingWith(peer: Peer, script: string, args: readonly string[]): Promise<Peer> {
  await peer.loadScript(script, args)
  return peer
}

/** Why a script cannot be loaded. */
export async function loadErrorOf(peer: Peer, script: string, args: readonly string[]): Promise<unknown> {
  await peer.send({ type: 'load', module: script, script: { args } })
  await peer.expect({ type: 'hello' })
  const { header } = await peer.next()
  expect(header.type).toBe('load-failed')
  return header['error']
}
