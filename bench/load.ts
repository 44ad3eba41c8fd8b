// A closed loop of clients on connections that stay open: each sends its next request when it has the answer to the last
// one. By wrk where it is installed, since it uses less CPU time than autocannon.

import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import autocannon from 'autocannon'
import { newFolder } from './folders.ts'
import type { Call } from './request.ts'
import { quantile } from './statistics.ts'

/** The result of one load. */
export interface Load {
  /** answers a second */
  readonly rate: number
  /** milliseconds */
  readonly p50: number
  readonly p99: number
  readonly answers: number
  /** calls without an answer, or with another status than 2xx or 3xx */
  readonly failed: number
}

/** The program that makes the load. */
export const loader = spawnSync('wrk', ['-v']).error === undefined ? 'wrk' : 'autocannon'

/**
 * Calls a server for some whole seconds.
 * @param core where `wrk` runs; by default on any core
 * @throws Error when a call failed
 */
export async function load(
  url: string,
  call: Call,
  clients: number,
  seconds: number,
  core?: number,
): Promise<Load> {
  const measured = await loadWithFailures(url, call, clients, seconds, core)
  if (measured.failed > 0) throw new Error(`${measured.failed} of ${measured.answers} calls failed`)
  return measured
}

/** The same, with failures counted. */
export async function loadWithFailures(
  url: string,
  call: Call,
  clients: number,
  seconds: number,
  core?: number,
): Promise<Load> {
  const target = new URL(call.path, url).href
  return loader === 'wrk'
    ? byWrk(target, call, clients, seconds, core)
    : byAutocannon(target, call, clients, seconds)
}

async function byWrk(
  target: string,
  { body }: Call,
  clients: number,
  seconds: number,
  core: number | undefined,
): Promise<Load> {
  const file = join(newFolder(), 'body.json')
  writeFileSync(file, body)
  const script = join(import.meta.dirname, 'wrk.lua')
  const args = ['-t1', `-c${clients}`, `-d${seconds}s`, '--timeout', '30s', '-s', script, target, '--', file]
  const pinning = core === undefined ? [] : ['taskset', '-c', String(core)]
  const [program = '', ...rest] = [...pinning, 'wrk', ...args]
  const { stdout } = await promisify(execFile)(program, rest)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Load // wrk.lua writes it
}

// Its own percentiles are whole milliseconds.
async function byAutocannon(url: string, call: Call, connections: number, duration: number): Promise<Load> {
  const times: number[] = []
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>()
  const headers = { 'Content-Type': 'application/json' }
  const terms = { url, method: 'POST', headers, body: call.body, connections, duration } as const
  const running = autocannon(terms, (error, result) =>
    error instanceof Error ? reject(error) : resolve(result),
  )
  running.on('response', (_client, _status, _bytes, ms) => times.push(ms))
  const { requests, non2xx, errors } = await promise
  return {
    rate: requests.average,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    answers: times.length,
    failed: non2xx + errors,
  }
}
