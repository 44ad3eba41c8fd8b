// The API keys of callers (yandex.md A-3): a file of keys or their hashes. Owns the digests of the keys.

import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Events } from '../../events.ts'
import { WatchedFiles } from '../watchedFiles.ts'

/**
 * The keys of a file, one a line: the key itself, or its SHA-256 in 64 hexadecimal digits with or without `sha256:` before
 * them. Empty lines and lines that start with # are ignored.
 */
export class ApiKeys {
  readonly #file: WatchedFiles
  #digests: readonly Buffer[] = []

  constructor(path: string, events: Events) {
    this.#file = new WatchedFiles(
      { paths: [path], options: '--auth-keys', use: (read) => this.#take(read) },
      events,
    )
  }

  /** @throws when the file cannot be read, or has no keys */
  start(): void {
    this.#file.start()
  }

  /** May be called twice, or before `start`. */
  stop(): void {
    this.#file.stop()
  }

  /** Whether this is one of the keys. Takes as long for a wrong key as for a right one. */
  has(key: string): boolean {
    const shown = sha256(key)
    let found = false
    for (const each of this.#digests) if (timingSafeEqual(each, shown)) found = true
    return found
  }

  // A key that was removed from the file is revoked, even when another line of the file is wrong.
  #take([content = Buffer.alloc(0)]: readonly Buffer[]): void {
    const { digests, problems } = parseKeys(content.toString('utf8'))
    this.#digests = digests
    if (problems.length > 0) throw new Error(problems.join('; '))
  }
}

/** The problems of a file, one sentence each, which never quote it. */
export function apiKeyProblems(path: string): readonly string[] {
  try {
    return parseKeys(readFileSync(path, 'utf8')).problems
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

function parseKeys(text: string): {
  readonly digests: readonly Buffer[]
  readonly problems: readonly string[]
} {
  const digests: Buffer[] = []
  const problems: string[] = []
  for (const [at, line] of text.split('\n').entries()) {
    const entry = line.trim()
    if (entry === '' || entry.startsWith('#')) continue
    const hash = hashed.exec(entry)?.[1]
    if (hash !== undefined) digests.push(Buffer.from(hash, 'hex'))
    else if (/^sha256:/i.test(entry))
      problems.push(`line ${at + 1}: 64 hexadecimal digits must follow sha256:`)
    else digests.push(sha256(entry))
  }
  if (digests.length === 0) problems.push('there is no key in it')
  return { digests, problems }
}

function sha256(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest()
}

const hashed = /^(?:sha256:)?([0-9a-f]{64})$/i
