import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { documentedRules } from './compatibility.ts'

// The contract lies beside the project where it is developed and on CI; elsewhere only the document is there.
const contract = new URL('../../../shared/spec/yandex.md', import.meta.url)

interface Rule {
  readonly id: string
  readonly marks: string
}

const words = { DOC: 'documented', OBS: 'observed', OURS: 'ours' } as const

// Sections whose marks stand in their headings.
const marksOfSection: Readonly<Record<string, string>> = {
  K: 'ours',
  W: 'documented, observed',
  X: 'documented, ours',
}

function contractRules(): readonly Rule[] {
  return readFileSync(contract, 'utf8')
    .split('\n')
    .map((line) => /^(?:\| ([A-Z]-\d+) \||(?:\* )?\*\*([A-Z]-\d+)\*\*)(.*)/.exec(line))
    .filter((match) => match !== null)
    .map(([, inTable, inText, text = '']) => {
      const id = inTable ?? inText ?? ''
      const marks = Object.entries(words).filter(([mark]) => new RegExp(`\\b${mark}\\b`).test(text))
      return { id, marks: marks.map(([, word]) => word).join(', ') || (marksOfSection[id.slice(0, 1)] ?? '') }
    })
}

describe('docs/compatibility.md', () => {
  it.skipIf(!existsSync(contract) && process.env['CI'] === undefined)(
    'has every rule of the contract, with its marks',
    () => {
      expect(documentedRules().map(({ id, marks }) => ({ id, marks }))).toEqual(contractRules())
    },
  )

  it('names a test for a rule, or says why there is none', () => {
    const rows = documentedRules()
    expect(rows.length).toBeGreaterThan(200)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  })
})
