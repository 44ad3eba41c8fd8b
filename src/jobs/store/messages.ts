// What a store and its thread say to each other.

import type { Job } from '../model/job.ts'
import type { Name, Values } from './operations.ts'

/** The path of a database that only lives as long as its thread. */
export const inMemory = ':memory:'

/** What a thread is started with. */
export interface ThreadSettings {
  /** a file, or `inMemory` */
  readonly path: string
  /** the latest change that was announced, when a thread before this one has died */
  readonly seen: number | undefined
}

/** An operation to be executed. */
export interface Call<Each extends Name = Name> {
  readonly type: 'call'
  /** by which the answer names it */
  readonly number: number
  readonly name: Each
  readonly values: Values<Each>
}

/** What a thread is told. `open`: the file, if it is there. `listen`: changes are to be announced. */
export type Request =
  Call | { readonly type: 'open' | 'close'; readonly number: number } | { readonly type: 'listen' }

/** What became of a request. */
export type Answer =
  | { readonly number: number; readonly value: unknown }
  /** why the store does not work */
  | { readonly number: number; readonly trouble: string }

/** A change of a job; undefined: it is removed. */
export interface Change {
  readonly id: string
  readonly job: Job | undefined
}

/** What a thread says. */
export interface Notice {
  readonly answers: readonly Answer[]
  readonly changes: readonly Change[]
  /** the latest change that was announced, with this or before */
  readonly seen?: number
}
