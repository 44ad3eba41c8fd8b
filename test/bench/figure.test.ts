import { describe, expect, it } from 'vitest'
import { toLines, toTable, type Figure } from '../../bench/figure.ts'

const figure: Figure = {
  name: 'calls/s',
  measured: [
    { of: 'ours', values: [300, 100, 200] },
    { of: 'theirs', values: [50, 100, 150] },
    { of: 'absent', missing: 'not there: apt-get install it' },
  ],
  aims: [
    { sign: '≥', target: 2.5, times: 'theirs' },
    { sign: '≤', target: 1, times: 'absent' },
  ],
}

describe('the lines of a figure', () => {
  it('give the first median as a multiple of each other one, and say whether an aim is met', () => {
    expect(toLines('rate', figure).slice(0, 2)).toEqual([
      ['rate', 'calls/s', 'ours', '200 (100 … 300)', '', '', ''],
      ['', '', 'theirs', '100 (50.0 … 150)', '2.00', '≥ 2.5 ×', 'no'],
    ])
  })

  it('say why something is not measured, and judge no aim by it', () => {
    const why = 'not there: apt-get install it'
    expect(toLines('rate', figure)[2]).toEqual(['', '', 'absent', why, '', '≤ 1 ×', 'not measured'])
  })

  it('compare an aim in the unit of the figure with the first', () => {
    const alone: Figure = {
      name: 'ms',
      measured: [{ of: 'ours', values: [140] }],
      aims: [{ sign: '≤', target: 150 }],
    }
    expect(toLines('recovery', alone)).toEqual([
      ['recovery', 'ms', 'ours', '140 (140 … 140)', '', '≤ 150', 'yes'],
    ])
  })
})

it('lays lines out as a table whose columns are equally wide in all rows', () => {
  const widths = toTable(toLines('rate', figure))
    .split('\n')
    .map((line) => [...line.matchAll(/\|/g)].map(({ index }) => index).join(' '))
  expect(new Set(widths).size).toBe(1)
})
