// HTTPS: the certificate that our servers show, from two files or made at start. Owns which servers show it.

import { readFileSync } from 'node:fs'
import type { Server } from 'node:https'
import type { Events } from '../events.ts'
import { Reread } from './watchedFiles.ts'

/** Where a certificate comes from; nothing at all: no HTTPS. */
export interface TlsSettings {
  /** path of the certificate chain, PEM */
  readonly cert: string | undefined
  /** path of its private key, PEM */
  readonly key: string | undefined
  readonly made: 'self-signed' | undefined
}

/** A certificate for servers. */
export interface Certificate {
  /** Makes a server show it, as soon as it is there and whenever it changes. Connections that stand go on. */
  readonly shownBy: (server: Server) => void
  /** @throws when the files cannot be read, or do not belong together */
  readonly start: () => Promise<void>
  /** May be called twice, or before `start`. */
  readonly stop: () => void
}

/** The certificate that the operator has chosen; undefined without HTTPS. The settings have no problems. */
export function certificate({ cert, key, made }: TlsSettings, events: Events): Certificate | undefined {
  const servers: Server[] = []
  const show = (pair: Pair): void => {
    for (const each of servers) each.setSecureContext({ ...pair, minVersion: oldestVersion })
  }
  const shownBy = (server: Server): void => void servers.push(server)
  if (made !== undefined) return { shownBy, start: async () => show(await makePair()), stop: () => {} }
  if (cert === undefined || key === undefined) return undefined
  const files = new Reread(
    { paths: [cert, key], options: '--tls-cert and --tls-key', take: (contents) => show(toPair(contents)) },
    events,
  )
  return { shownBy, start: async () => files.start(), stop: () => files.stop() }
}

/** What is wrong with the settings, one sentence each. */
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

// Throws what is wrong with the two before any server has them.
function toPair([cert = Buffer.alloc(0), key = Buffer.alloc(0)]: readonly Buffer[]): Pair {
  process.getBuiltinModule('node:tls').createSecureContext({ cert, key }) // only those who show one load it
  return { cert, key }
}

async function makePair(): Promise<Pair> {
  const { generate } = await import('selfsigned') // only those who ask for it wait until it is loaded
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

// How far a client's clock may be behind ours.
const clockToleranceMs = 60 * 60 * 1000

const validMs = 365 * 24 * 60 * 60 * 1000
