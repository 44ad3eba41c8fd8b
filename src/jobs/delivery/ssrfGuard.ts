// Which addresses a webhook may lead to (jobs.md WH-4): public ones, and those that the operator names.

import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net'
import { RefusedError } from './receiver.ts'

/** Finds every address of a name, like `dns.lookup` with `all`. */
export type Resolve = (
  host: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/** Lets connections go to permitted addresses only. */
export class SsrfGuard {
  readonly #allowed = new BlockList()
  readonly #names = new Set<string>()
  readonly #everything: boolean
  readonly #resolve: Resolve

  /** @param allow what `--webhook-allow` lists: names, addresses, ranges, or `*`; without problems */
  constructor(allow: readonly string[], resolve: Resolve = systemLookup) {
    this.#everything = allow.includes('*')
    this.#resolve = resolve
    for (const entry of allow) this.#allow(entry)
  }

  /**
   * Checks a host that is an address itself: Node.js looks up names alone.
   * @param host as a URL has it, in brackets when it is IPv6
   * @throws RefusedError
   */
  checkLiteral(host: string): void {
    const address = withoutBrackets(host)
    if (isIP(address) !== 0 && !this.#permits(address)) throw notPermitted(address)
  }

  /**
   * Resolves a name for a connection to those of its addresses that are permitted. What was checked is what is connected to,
   * however the name resolves the next time.
   */
  readonly lookup: LookupFunction = (host, options, callback) => {
    this.#resolve(host, { all: true }, (error, found) => {
      if (error !== null) return callback(error, [])
      const permitted = this.#isNamed(host) ? found : found.filter(({ address }) => this.#permits(address))
      const [first] = permitted
      if (first === undefined) return callback(notPermitted(host), [])
      if (options.all === true) callback(null, permitted)
      else callback(null, first.address, isIPv4(first.address) ? 4 : 6)
    })
  }

  #allow(entry: string): void {
    const [address = '', bits] = entry.split('/')
    if (isIP(address) === 0) this.#names.add(toName(entry))
    else addRange(this.#allowed, address, bits === undefined ? undefined : Number(bits))
  }

  #isNamed(host: string): boolean {
    return this.#everything || this.#names.has(toName(host))
  }

  #permits(address: string): boolean {
    const version = isIPv4(address) ? 'ipv4' : 'ipv6'
    return this.#everything || this.#allowed.check(address, version) || !inner.check(address, version)
  }
}

/** What is wrong with the entries of `--webhook-allow`, one sentence each. */
export function allowProblems(allow: readonly string[]): readonly string[] {
  return allow
    .filter((entry) => !isEntry(entry))
    .map(
      (entry) =>
        `--webhook-allow: must list host names, addresses, ranges such as 10.0.0.0/8, or *; not ${JSON.stringify(entry)}`,
    )
}

function isEntry(entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/')
  if (more.length > 0) return false
  const longest = { 0: undefined, 4: 32, 6: 128 }[isIP(address)]
  if (bits !== undefined) return longest !== undefined && /^\d+$/.test(bits) && Number(bits) <= longest
  return longest !== undefined || entry === '*' || hostName.test(entry)
}

function notPermitted(host: string): RefusedError {
  return new RefusedError(`${host} is not a public address; --webhook-allow can name it`)
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}

// Names are equal in any case of their letters, and with the dot of the root at their end.
function toName(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

function addRange(list: BlockList, address: string, bits: number | undefined): void {
  const isFour = isIPv4(address)
  const version = isFour ? 'ipv4' : 'ipv6'
  list.addSubnet(address, bits ?? (isFour ? 32 : 128), version)
}

// Ranges within a machine, a network or a provider, and unassigned ones: what RFC 6890 does not call global.
// prettier-ignore
const innerRanges: readonly (readonly [address: string, bits: number])[] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['224.0.0.0', 4], ['240.0.0.0', 4],
  ['::', 128], ['::1', 128], ['64:ff9b:1::', 48], ['fc00::', 7], ['fe80::', 10], ['fec0::', 10], ['ff00::', 8],
]

// IPv6 addresses in which an IPv4 address is at the end: compatible, mapped, translated and NAT64 (RFC 4291, 2765, 6052).
const embeddings = ['::', '::ffff:', '::ffff:0:', '64:ff9b::']

const inner = new BlockList()
for (const [address, bits] of innerRanges) {
  addRange(inner, address, bits)
  if (!isIPv4(address)) continue
  for (const prefix of embeddings) addRange(inner, prefix + address, 96 + bits)
}

const hostName = /^(?=.{1,253}\.?$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*\.?$/i
