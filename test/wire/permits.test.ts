import { mkdtempSync, readdirSync, readSync } from 'node:fs'
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

  it('are undefined where no file can be made', () => {
    expect(Permits.create([join(folder, 'missing')])).toBeUndefined()
  })
})
