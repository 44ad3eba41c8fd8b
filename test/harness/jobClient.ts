// A client of the jobs API of a running server: submits, waits, reads streams. Every answer is held against the description.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ask } from './jobServing.ts'

/** Where a server listens, without a slash at its end. */
export interface Address {
  readonly url: string
}

/** The job object of jobs.md §4. */
export interface JobObject {
  readonly id: string
  readonly status: string
  readonly output?: unknown
  readonly error?: string
  readonly delayTime?: number
  readonly executionTime?: number
  readonly workerId?: string
  readonly retries?: number
}

/** An answer of `/stream`. */
export interface StreamObject {
  readonly status: string
  readonly stream: readonly { readonly output: unknown }[]
}

/** What a request may have besides its input. */
export interface Extras {
  readonly policy?: object
}

/** Submits a job to run by itself. @returns its id */
export async function run(to: Address, input: unknown, extras: Extras = {}): Promise<string> {
  return (await post<JobObject>(to, '/run', { input, ...extras })).id
}

/** Runs a job and waits for it. */
export async function runSync(to: Address, input: unknown, extras: Extras = {}): Promise<JobObject> {
  return post<JobObject>(to, '/runsync', { input, ...extras })
}

/** A job as it is now. */
export async function status(to: Address, id: string): Promise<JobObject> {
  return get<JobObject>(to, `/status/${id}`)
}

/** A job when it has ended. */
export async function settled(to: Address, id: string): Promise<JobObject> {
  return get<JobObject>(to, `/status-sync/${id}`)
}

/** Waits until a job is in a state that is not its end. */
export async function reached(to: Address, id: string, state: string): Promise<JobObject> {
  for (;;) {
    const job = await status(to, id)
    if (job.status === state) return job
  }
}

/** The next answer of a job's stream. */
export async function stream(to: Address, id: string): Promise<StreamObject> {
  return get<StreamObject>(to, `/stream/${id}`)
}

/** Every chunk of a job, drained until its end, and its last state. */
export async function drained(to: Address, id: string): Promise<{ status: string; chunks: unknown[] }> {
  const chunks: unknown[] = []
  for (;;) {
    const answer = await stream(to, id)
    chunks.push(...answer.stream.map(({ output }) => output))
    if (answer.status !== 'IN_PROGRESS' && answer.status !== 'IN_QUEUE')
      return { status: answer.status, chunks }
  }
}

/** Stops a job. */
export async function cancel(to: Address, id: string): Promise<JobObject> {
  return post<JobObject>(to, `/cancel/${id}`, {})
}

/** Posts to any route of the jobs API. */
export async function post<Answer>(to: Address, path: string, body: object): Promise<Answer> {
  return (await ask(to, 'POST', path, { body: JSON.stringify(body) })).json as Answer // `ask` has held it against the description
}

/** Reads any route of the jobs API. */
export async function get<Answer>(to: Address, path: string): Promise<Answer> {
  return (await ask(to, 'GET', path)).json as Answer // see `post`
}

/** A folder for jobs and for what functions leave behind. @param until calls back when it may go; by default after the test */
export function freshFolder(until: (remove: () => void) => unknown = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-jobs-'))
  until(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
