import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { containerMemory } from '../../src/invoker/container.ts'

describe('the memory of a container (L-4)', () => {
  it.each([
    ['268435456\n', 268_435_456],
    ['max\n', undefined],
    ['9223372036854771712\n', undefined],
    ['', undefined],
  ])('that the kernel gives as %j is %j', (text, bytes) => {
    const file = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'memory.max')
    writeFileSync(file, text)
    expect(containerMemory(['/nowhere', file])).toBe(bytes)
  })

  it('is unknown outside of one', () => {
    expect(containerMemory(['/nowhere'])).toBeUndefined()
  })
})
