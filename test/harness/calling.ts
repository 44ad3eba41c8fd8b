// Calls a served function: raw mode for results, sockets where HTTP clients are too polite.

import { setTimeout } from 'node:timers/promises'
import request from 'supertest'
import type { Serving } from './serving.ts'

/** Invokes in raw mode with a JSON body. */
export function callRaw(serving: Serving, body: object | string = {}): request.Test {
  return request(serving.url).post('/?integration=raw').send(body)
}

/** Whether a process exists; a zombie does not count. */
export async function isAlive(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises')
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  return stat !== undefined && !/\) [ZX] /.test(stat)
}

/** Waits until a condition holds; the test's own timeout is the bound. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await setTimeout(pollMs)
}

// What is waited for needs the processor, too.
const pollMs = 2
