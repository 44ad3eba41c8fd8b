import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { functionsOf, languages, play, readTranscript, type Language, type Step } from './player.ts'

const folder = join(import.meta.dirname, '..', '..', 'runtime', 'transcripts')
const transcripts = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))

describe.each(languages)('the transcripts in %s', (language) => {
  const own = transcripts.filter((name) => {
    const [, only] = name.replace('.jsonl', '').split('.')
    return only === language || (only === undefined && isFor(language, readTranscript(join(folder, name))))
  })
  test.each(own)('%s', async (name) => {
    await expect(play(language, readTranscript(join(folder, name)))).resolves.toBeUndefined()
  })
})

// A script is no module with a state, exports and generators: Bash plays what it has a script for.
function isFor(language: Language, steps: readonly Step[]): boolean {
  return language !== 'bash' || steps.every((step) => !('send' in step) || isScript(step.send))
}

function isScript(header: Readonly<Record<string, unknown>>): boolean {
  if (header['type'] !== 'load') return true
  return (
    header['name'] === 'handler' && existsSync(join(functionsOf('bash'), `${String(header['module'])}.sh`))
  )
}
