import { setTimeout as sleep } from 'node:timers/promises'
import { start } from 'fnbox/serverless'

// Each word is a chunk, which leaves as soon as it is yielded. On a cancel the signal ends the wait.
async function* handler(job, { signal }) {
  for (const word of job.input.text.split(' ')) {
    yield word.toUpperCase()
    await sleep(200, undefined, { signal })
  }
}

await start({ handler, returnAggregateStream: true })
