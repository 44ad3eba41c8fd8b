import { describe, expect, it } from 'vitest'
import { options } from '../src/options.ts'

const { schema: size } = options.memory
const { schema: duration } = options.timeout

describe('a size', () => {
  it.each([
    ['1KB', 1024],
    ['1MB', 1_048_576],
    ['1GB', 1_073_741_824],
    ['3.5MB', 3_670_016],
    ['0.5kb', 512],
    ['7', 7],
  ])('%s is %d bytes', (text, bytes) => {
    expect(size.parse(text)).toBe(bytes)
  })

  it.each(['', '0', '-1', '1.5', '1 KB', '1KiB', '1TB', '1e3', '0.0001KB', '9007199254740993', 'KB'])(
    '%j is rejected',
    (text) => {
      expect(size.safeParse(text).success).toBe(false)
    },
  )
})

describe('a duration', () => {
  it.each([
    ['1ms', 1],
    ['10s', 10_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['0.25s', 250],
    ['2147483647ms', 2 ** 31 - 1],
  ])('%s is %d milliseconds', (text, milliseconds) => {
    expect(duration.parse(text)).toBe(milliseconds)
  })

  it.each(['', '0s', '1', '1 s', '1d', '-1s', '0.1ms', '600h', '2147483648ms'])('%j is rejected', (text) => {
    expect(duration.safeParse(text).success).toBe(false)
  })
})
