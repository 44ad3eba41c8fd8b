import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../src/errors.ts'

const documented = readFileSync(new URL('../docs/faults.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )

const inCode = Object.entries(catalogue).map(([code, { rule, blame, status, retry, advice }]) => [
  `\`${code}\``,
  rule,
  blame,
  String(status),
  retry ? 'yes' : 'no',
  advice,
])

describe('the catalogue of faults', () => {
  it('is the same in code and in docs/faults.md', () => {
    expect(documented).toEqual(inCode)
  })

  it('gives every code a sentence of advice', () => {
    for (const { advice } of Object.values(catalogue)) expect(advice).toMatch(/^[A-Z].*\.$/)
  })
})
