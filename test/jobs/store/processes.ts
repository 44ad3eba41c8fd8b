// Stores in processes of their own, to be killed, or to be put on a disk that is full.

import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { JobStore } from '../../../src/jobs/model/store.ts'

/** A store in another process; disposing of it kills that. */
export interface RemoteStore
  extends
    Pick<JobStore, 'submit' | 'find' | 'claim' | 'begin' | 'append' | 'finish' | 'cancel' | 'start'>,
    AsyncDisposable {
  /** does something to the disk */
  readonly disk: (what: 'fill' | 'empty' | 'forbid' | 'allow') => Promise<unknown>
}

/** Whether this machine lets us make a small disk. */
export function canMount(): boolean {
  return spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
}

/** Starts a process with a store in a directory. */
export function storeProcess(directory: string): RemoteStore {
  return toStore(spawn(process.execPath, [program, directory], withChannel))
}

/** The same, the directory being a disk of 1 MB that only this process sees. */
export function storeOnSmallDisk(directory: string): RemoteStore {
  const script = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" "$3" "$1"'
  const values = [directory, process.execPath, program]
  return toStore(spawn('unshare', ['-rm', 'sh', '-c', script, 'sh', ...values], withChannel))
}

function toStore(child: ChildProcess): RemoteStore {
  let last = 0
  const ended = once(child, 'exit')
  const waiting = new Map<number, PromiseWithResolvers<never>>()
  child.on('message', ({ number, value, error }: { number: number; value: never; error?: string }) => {
    if (error === undefined) waiting.get(number)?.resolve(value)
    else waiting.get(number)?.reject(new Error(error))
  })
  child.on('exit', () => {
    for (const each of waiting.values()) each.reject(new Error('the process has ended'))
  })
  const ask =
    (name: string) =>
    (...values: unknown[]): Promise<never> => {
      const answer = Promise.withResolvers<never>()
      waiting.set((last += 1), answer)
      child.send({ number: last, name, values })
      return answer.promise
    }
  return {
    start: ask('start'),
    submit: ask('submit'),
    find: ask('find'),
    claim: ask('claim'),
    begin: ask('begin'),
    append: ask('append'),
    finish: ask('finish'),
    cancel: ask('cancel'),
    disk: (what) => ask(what)(),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

const program = join(import.meta.dirname, 'process.ts')
const withChannel: SpawnOptions = {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  serialization: 'advanced',
}
