// Every simulated event as a function gets it: in raw mode (yandex.md M-10, TV-55).

import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toTriggerEvent, triggerNames } from '../../src/cli/samples/samples.ts'
import { callRaw } from '../harness/calling.ts'
import { bothLanguages, serve } from '../harness/serving.ts'

describe.each(bothLanguages)('a %s function', (language) => {
  it('reads every field of every event of a trigger or gateway (TV-55)', async () => {
    await using serving = await serve(language, 'echo.handler')
    for (const name of triggerNames) {
      const event = toTriggerEvent(name, undefined, { now: Date.now(), newId: randomUUID }) as object // it needs no data
      expect((await callRaw(serving, event)).body).toEqual(event)
      expect(Object.keys(event)).not.toEqual([])
    }
  })
})
