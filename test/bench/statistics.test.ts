import { describe, expect, it } from 'vitest'
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
