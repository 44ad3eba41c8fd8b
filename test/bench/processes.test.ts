import { describe, expect, it } from 'vitest'
import { toCpuTime, toFirstCore, toPss } from '../../bench/processes.ts'

describe('the memory of a process', () => {
  const rollup = 'aa-ff ---p 00000000 00:00 0 [rollup]\nRss:  9999 kB\nPss:  1234 kB\nPss_Anon:  99 kB\n'

  it('is the PSS of the kernel', () => {
    expect(toPss(rollup)).toBe(1234)
  })

  it('is unknown where the kernel does not tell it', () => {
    expect(() => toPss('Rss: 1 kB')).toThrow('PSS')
  })
})

describe('the CPU time of a process', () => {
  it.each(['node', 'a b c', 'tmux: server', '(sd-pam)', 'a) R 1 2 3 (b', ') 1 2', ''])(
    'is utime and stime in microseconds when the program is called %j',
    (name) => {
      expect(toCpuTime(toStat(name))).toEqual({ user: 1_670_000, system: 390_000 })
    },
  )

  it('is unknown where the kernel does not tell it', () => {
    expect(() => toCpuTime('4711 (node) S 1 2 3')).toThrow('CPU time')
  })
})

describe('the first allowed core', () => {
  it.each([
    ['0-1', 0],
    ['3', 3],
    ['12,14-15', 12],
  ])('of the list %s is %i', (list, core) => {
    expect(toFirstCore(`Cpus_allowed:\t3\nCpus_allowed_list:\t${list}\nMems_allowed:\t1\n`)).toBe(core)
  })

  it('is unknown where the kernel does not tell it', () => {
    expect(() => toFirstCore('Name:\tnode\n')).toThrow('cores')
  })
})

function toStat(name: string): string {
  return `4711 (${name}) S 1 4711 4711 0 -1 4194304 60442 7 3 0 167 39 5 6 20 0 2 0 75248 10492657664 69453`
}
