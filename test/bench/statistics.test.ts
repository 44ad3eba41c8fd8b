import { describe, expect, it } from 'vitest'
import { toPss } from '../../bench/processes.ts'
import { quantile, summarize } from '../../bench/statistics.ts'

describe('several rounds', () => {
  it('are their median and their extremes, in whatever order they came', () => {
    expect(summarize([9, 1, 3])).toEqual({ median: 3, least: 1, most: 9 })
  })

  it('have a median between two neighbours when there is no middle', () => {
    expect(quantile([1, 2, 4, 9], 0.5)).toBe(3)
  })

  it('have no median when there is none', () => {
    expect(quantile([], 0.5)).toBeNaN()
  })
})

describe('the memory of a process', () => {
  const rollup = 'aa-ff ---p 00000000 00:00 0 [rollup]\nRss:  9999 kB\nPss:  1234 kB\nPss_Anon:  99 kB\n'

  it('is what the kernel calls PSS', () => {
    expect(toPss(rollup)).toBe(1234)
  })

  it('is unknown where the kernel does not tell it', () => {
    expect(() => toPss('Rss: 1 kB')).toThrow('PSS')
  })
})
