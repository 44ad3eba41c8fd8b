// A script whose generator goes on to its next chunk when a file is there, and tells a file of its end (jobs.md §6, CTL-3).

import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from 'fnbox/serverless'

async function* handler({ input: { chunks, gates, finally: end, size } }, { signal }) {
  try {
    for (let index = 0; index < chunks; index++) {
      while (gates && !existsSync(`${gates}/${index}`)) await sleep(5, undefined, { signal })
      yield { index, ...(size ? { text: 'x'.repeat(size) } : {}) }
    }
  } finally {
    if (end) writeFileSync(end, '')
  }
}

await start({ handler, returnAggregateStream: process.argv.includes('aggregate') })
