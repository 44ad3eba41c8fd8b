// HTTPS: the certificate of fnbox's servers, from two files or generated at the start. Owns the list of servers that use it.

import { readFileSync } from 'node:fs'
import type { Server } from 'node:https'
import type { Events } from '../events.ts'
import { WatchedFiles } from './watchedFiles.ts'

/** Where the certificate comes from; without any of these: no HTTPS. */
export interface TlsSettings {
  /** path of the certificate chain, PEM */
  readonly cert: string | undefined
  /** path of its private key, PEM */
  readonly key: string | undefined
  readonly made: 'self-signed' | undefined
}

/** A certificate for servers. */
export interface Certificate {
  /** Gives it to a server, now and after each change. Open connections go on. */
  readonly shownBy: (server: Server) => void
  /** @throws when the files cannot be read, or do not belong together */
  readonly start: () => Promise<void>
  /** May be called twice, or before `start`. */
  readonly stop: () => void
}

/** The certificate of valid settings; undefined without HTTPS. */
export function certificate({ cert, key, made }: TlsSettings, events: Events): Certificate | undefined {
  const servers: Server[] = []
  const show = (pair: Pair): void => {
    for (const each of servers) each.setSecureContext({ ...pair, minVersion: oldestVersion })
  }
  const shownBy = (server: Server): void => void servers.push(server)
  if (made !== undefined) return { shownBy, start: async () => show(await makePair()), stop: () => {} }
  if (cert === undefined || key === undefined) return undefined
  const files = new WatchedFiles(
    { paths: [cert, key], options: '--tls-cert and --tls-key', use: (contents) => show(toPair(contents)) },
    events,
  )
  return { shownBy, start: async () => files.start(), stop: () => files.stop() }
}

/** The problems of the settings, one sentence each. */
export function tlsProblems({ cert, key, made }: TlsSettings): readonly string[] {
  if (made !== undefined && (cert ?? key) !== undefined)
    return ['--tls and --tls-cert, --tls-key: give one or the other']
  if (cert === undefined && key === undefined) return []
  if (cert === undefined || key === undefined) return ['--tls-cert and --tls-key: give both or neither']
  try {
    toPair([readFileSync(cert), readFileSync(key)])
    return []
  } catch (error) {
    return [`--tls-cert and --tls-key: ${error instanceof Error ? error.message : String(error)}`]
  }
}

interface Pair {
  readonly cert: Buffer | string
  readonly key: Buffer | string
}

// Throws when they do not belong together, before any server uses them.
function toPair([cert = Buffer.alloc(0), key = Buffer.alloc(0)]: readonly Buffer[]): Pair {
  process.getBuiltinModule('node:tls').createSecureContext({ cert, key }) // loaded for HTTPS only
  return { cert, key }
}

async function makePair(): Promise<Pair> {
  const { generate } = await import('selfsigned') // loaded for --tls self-signed only
  const now = Date.now()
  const made = await generate([{ name: 'commonName', value: 'fnbox' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - clockToleranceMs),
    notAfterDate: new Date(now + validMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  return { cert: made.cert, key: made.private }
}

const oldestVersion = 'TLSv1.2'

// How far a client's clock may be behind this one.
const clockToleranceMs = 60 * 60 * 1000

const validMs = 365 * 24 * 60 * 60 * 1000
