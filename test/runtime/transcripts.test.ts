import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { languages, play, readTranscript } from './player.ts'

const folder = join(import.meta.dirname, '..', '..', 'runtime', 'transcripts')
const transcripts = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))

describe.each(languages)('the transcripts in %s', (language) => {
  const own = transcripts.filter((name) => {
    const [, only] = name.replace('.jsonl', '').split('.')
    return only === undefined || only === language
  })
  test.each(own)('%s', async (name) => {
    await expect(play(language, readTranscript(join(folder, name)))).resolves.toBeUndefined()
  })
})
