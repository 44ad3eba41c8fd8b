import { describe, expect, it } from 'vitest'
import type { LookupAddress } from 'node:dns'
import { SsrfGuard, allowProblems, type Resolve } from '../../src/jobs/delivery/ssrfGuard.ts'
import { RefusedError } from '../../src/jobs/delivery/receiver.ts'

function refuses(host: string, allow: readonly string[] = []): boolean {
  try {
    new SsrfGuard(allow).checkLiteral(host)
    return false
  } catch (error) {
    expect(error).toBeInstanceOf(RefusedError)
    return true
  }
}

function resolving(...addresses: readonly string[]): Resolve {
  return (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
}

const unknown: Resolve = (_host, _options, callback) => callback(new Error('ENOTFOUND'), [])

async function lookUp(guard: SsrfGuard, host = 'example.com'): Promise<readonly string[]> {
  return new Promise((settle, fail) =>
    guard.lookup(host, { all: true }, (error, found) => {
      if (error === null)
        settle((found as LookupAddress[]).map(({ address }) => address)) // as `all` asks for
      else fail(error)
    }),
  )
}

describe('an address (WH-4)', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.9.9.9', 'loopback'],
    ['[::1]', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['[::]', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['169.254.169.254', 'link-local'],
    ['[fe80::1]', 'link-local'],
    ['[fec0::1]', 'site-local'],
    ['[feff::1]', 'site-local'],
    ['[fc00::1]', 'unique-local'],
    ['[fdff::1]', 'unique-local'],
    ['100.64.0.1', 'shared'],
    ['100.127.255.255', 'shared'],
    ['224.0.0.1', 'multicast'],
    ['[ff02::1]', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['[::ffff:127.0.0.1]', 'loopback, mapped'],
    ['[::ffff:a00:1]', 'private, mapped'],
    ['[::ffff:169.254.169.254]', 'link-local, mapped'],
    ['[::10.0.0.1]', 'private, compatible'],
    ['[64:ff9b::10.0.0.1]', 'private, behind NAT64'],
  ])('%s is refused: %s', (host) => {
    expect(refuses(host)).toBe(true)
  })

  it.each([
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '[2a02:6b8::1]',
    '[::ffff:8.8.8.8]',
    '[64:ff9b::8.8.8.8]',
  ])('%s is taken', (host) => {
    expect(refuses(host)).toBe(false)
  })

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['10.1.2.3', '10.0.0.0/8'],
    ['[fd00::5]', 'fd00::/8'],
    ['[::ffff:10.1.2.3]', '10.0.0.0/8'],
    ['127.0.0.1', '*'],
  ])('%s is taken with --webhook-allow %s', (host, entry) => {
    expect(refuses(host, [entry])).toBe(false)
  })

  it('beside a range that is allowed is refused', () => {
    expect(refuses('10.2.0.1', ['10.1.0.0/16'])).toBe(true)
  })
})

describe('a name (WH-4)', () => {
  it('is connected to those of its addresses that are permitted', async () => {
    const guard = new SsrfGuard([], resolving('10.0.0.1', '8.8.8.8', '::1', '2a02:6b8::1'))
    expect(await lookUp(guard)).toEqual(['8.8.8.8', '2a02:6b8::1'])
  })

  it.each(['10.0.0.1', '::1', '::ffff:10.0.0.1', '169.254.169.254'])(
    'of %s alone is refused',
    async (address) => {
      await expect(lookUp(new SsrfGuard([], resolving(address)))).rejects.toBeInstanceOf(RefusedError)
    },
  )

  it('that --webhook-allow names may have any address, in any case of its letters; another may not', async () => {
    const guard = new SsrfGuard(['Hooks.Internal'], resolving('10.0.0.1'))
    expect(await lookUp(guard, 'hooks.internal')).toEqual(['10.0.0.1'])
    expect(await lookUp(guard, 'HOOKS.internal.')).toEqual(['10.0.0.1'])
    await expect(lookUp(guard, 'other.internal')).rejects.toBeInstanceOf(RefusedError)
  })

  it('that does not resolve is an error like any other: it may resolve later', async () => {
    await expect(lookUp(new SsrfGuard([], unknown))).rejects.not.toBeInstanceOf(RefusedError)
  })

  it('gives one address to who wants one', async () => {
    const guard = new SsrfGuard([], resolving('10.0.0.1', '8.8.8.8'))
    const found = await new Promise((settle) =>
      guard.lookup('example.com', {}, (_error, address, family) => settle([address, family])),
    )
    expect(found).toEqual(['8.8.8.8', 4])
  })
})

describe('--webhook-allow', () => {
  it('takes names, addresses, ranges and *', () => {
    expect(
      allowProblems(['*', 'hooks', 'a.b-c.example', '10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']),
    ).toEqual([])
  })

  it.each([
    '',
    'http://x',
    'a b',
    '10.0.0.0/33',
    '10.0.0.0/',
    'name/8',
    '10.0.0.0/8/8',
    '::/129',
    '*.example.com',
  ])('refuses %j', (entry) => {
    expect(allowProblems([entry])).toEqual([expect.stringMatching(/^--webhook-allow: /)])
  })
})
