// Where the token of a context comes from (yandex.md §14). A source answers at once with what it holds: no invocation
// waits for a token.

import { readFile } from 'node:fs/promises'
import type { Events } from '../events.ts'
import type { ContextToken } from '../wire/frames.ts'

/** A source of tokens. `start` resolves when the first token is there, or is known not to be. */
export interface TokenSource {
  start: () => Promise<void>
  /** May be called twice, or before `start`. */
  stop: () => void
  /** The token as a function sees it now; undefined without one. */
  current: () => ContextToken | undefined
}

/** The source that the operator has chosen. */
export function tokenSource(
  chosen: { readonly token?: string | undefined; readonly tokenFile?: string | undefined },
  events: Events,
): TokenSource {
  if (chosen.tokenFile !== undefined) return new FileSource(chosen.tokenFile, events)
  const fixed = chosen.token === undefined ? undefined : contextToken(chosen.token)
  return { start: async () => {}, stop: () => {}, current: () => fixed }
}

// Owns the last token read. Files are looked at again and again rather than watched: mounted secrets are replaced by
// links, which watches do not follow.
class FileSource implements TokenSource {
  readonly #path: string
  readonly #events: Events
  #token: ContextToken | undefined
  #failed = false
  #timer: NodeJS.Timeout | undefined

  constructor(path: string, events: Events) {
    this.#path = path
    this.#events = events
  }

  async start(): Promise<void> {
    await this.#read()
    this.#timer = setInterval(() => void this.#read(), rereadMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  current(): ContextToken | undefined {
    return this.#token
  }

  async #read(): Promise<void> {
    try {
      this.#token = contextToken((await readFile(this.#path, 'utf8')).trim())
      this.#failed = false
    } catch (cause) {
      if (!this.#failed) this.#events.emit('trouble', { what: '--token-file cannot be read', cause })
      this.#failed = true
    }
  }
}

// Without a known end a token counts as fresh (yandex.md T-1).
function contextToken(accessToken: string): ContextToken {
  return { access_token: accessToken, expires_in: 43_200, token_type: 'Bearer' }
}

const rereadMs = 1000
