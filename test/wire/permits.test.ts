import { fstatSync, ftruncateSync, mkdtempSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Permits } from '../../src/wire/permits.ts'

// Takes a permit as an instance does.
function take({ shared }: Permits): boolean {
  return readSync(shared, Buffer.alloc(1), 0, 1, null) === 1
}

describe('permits', () => {
  let folder: string
  let permits: Permits
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    permits = Permits.create([join(folder, 'missing'), folder]) ?? expect.fail('there are none')
  })
  afterEach(() => permits.close())

  it('are taken once, by the instance or by the supervisor', () => {
    for (let count = 0; count < 5; count++) permits.add(1)
    expect([take(permits), take(permits)]).toEqual([true, true])
    expect(permits.takeBack(5)).toBe(3)
    expect(take(permits)).toBe(false)
    expect(permits.takeBack(5)).toBe(0)
  })

  it('that come late are there for the next look', () => {
    expect(take(permits)).toBe(false)
    permits.add(1)
    expect(take(permits)).toBe(true)
    permits.add(1)
    expect(permits.takeBack(1)).toBe(1)
    expect(take(permits)).toBe(false)
  })

  it('are taken back as many as are asked for', () => {
    for (let count = 0; count < 3; count++) permits.add(1)
    expect(permits.takeBack(2)).toBe(2)
    expect(permits.takeBack(0)).toBe(0)
    expect([take(permits), take(permits)]).toEqual([true, false])
  })

  it('leave no file behind, and are none after the close', () => {
    expect(readdirSync(folder)).toEqual([])
    permits.add(1)
    permits.close()
    permits.close()
    expect(permits.takeBack(1)).toBe(0)
  })

  it('are as many as are added at a time, taken back by 4,096 at most', () => {
    permits.add(2)
    expect([take(permits), take(permits), take(permits)]).toEqual([true, true, false])
    permits.add(5000)
    expect([permits.takeBack(5000), permits.takeBack(5000)]).toEqual([4096, 904])
  })

  it('cannot be added by the instance', () => {
    expect(() => ftruncateSync(permits.shared, 9)).toThrow('EINVAL')
  })

  it('are opened for their owner only, and closed with both descriptors', () => {
    const before = readdirSync('/proc/self/fd').length
    const others = Permits.create([folder])
    expect(fstatSync(others?.shared ?? -1).mode & 0o777).toBe(0o600)
    others?.close()
    expect(readdirSync('/proc/self/fd')).toHaveLength(before)
  })

  it('are made in memory where that is possible', () => {
    const others = Permits.create()
    expect(readlinkSync(`/proc/self/fd/${others?.shared}`)).toMatch(
      /^\/dev\/shm\/fnbox-permits-.* \(deleted\)$/,
    )
    others?.close()
  })

  it('are undefined where no file can be made', () => {
    expect(Permits.create([join(folder, 'missing')])).toBeUndefined()
  })
})
