// Messages between a store and its thread, and their bodies on the way.

import type { Change } from '../../model/store.ts'
import type { StoreResult } from '../batch.ts'
import type { StoreCall } from '../operations.ts'

/** What a thread is started with. */
export interface ThreadSettings {
  /** a file, or `inMemory` */
  readonly path: string
}

/** A call, and the number by which its answer names it. */
export type Asked = StoreCall & {
  readonly type: 'call'
  readonly number: number
  /** of the store's clock */ readonly now: number
}

/** What a thread is told. `open`: the file, if it is there. `listen`: report changes; these jobs at once. */
export type ThreadRequest =
  | Asked
  | { readonly type: 'open' | 'close'; readonly number: number }
  | { readonly type: 'listen'; readonly missed: readonly string[] }

/** What became of a request. */
export type Answer = StoreResult & { readonly number: number }

/** What a thread says. */
export interface Notice {
  readonly answers: readonly Answer[]
  readonly changes: readonly Change[]
}

/** A message as it is posted. @param handedOver gets the memory of large bodies that are not needed here any more */
export function toPost(message: unknown, handedOver?: Set<ArrayBuffer>): unknown {
  return mapBytes(message, (bytes) => {
    const { buffer, byteLength } = bytes
    // A small body is cut from a pool, all of which would cross with it.
    if (byteLength !== buffer.byteLength) return new Uint8Array(bytes)
    if (byteLength >= handOverFrom && buffer instanceof ArrayBuffer) handedOver?.add(buffer)
    return bytes
  })
}

/** A message as it was before it was posted: its bodies are Buffers again. */
export function fromPost(message: unknown): unknown {
  return mapBytes(message, ({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  )
}

// Copies only what holds bytes: most messages do not.
function mapBytes(value: unknown, map: (bytes: Uint8Array) => Uint8Array): unknown {
  if (value instanceof Uint8Array) return map(value)
  if (typeof value !== 'object' || value === null) return value
  let copy: Members | undefined
  const members = value as Members // an array, too
  for (const key of Object.keys(members)) {
    const each = members[key]
    if (typeof each !== 'object') continue
    const mapped = mapBytes(each, map)
    if (mapped === each) continue
    copy ??= (Array.isArray(value) ? [...(value as readonly unknown[])] : { ...value }) as Members // as above
    copy[key] = mapped
  }
  return copy ?? value
}

type Members = Record<string, unknown>

// Below, copying is faster.
const handOverFrom = 64 * 1024
