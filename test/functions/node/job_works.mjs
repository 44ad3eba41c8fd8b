// A script that does what each job asks for (jobs.md §7, §10, §15): waits for a file, loops, ends its process, counts.

import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { progressUpdate, start } from 'fnbox/serverless'

let jobs = 0
let met = 0

const exists = async (path, signal) => {
  while (!existsSync(path)) await sleep(5, undefined, { signal })
}

const handler = async (job, { signal }) => {
  jobs++
  const given = job.input
  if (given.touch) writeFileSync(given.touch, '')
  if (given.progress) progressUpdate(job, given.progress)
  if (given.await) await exists(given.await, signal)
  if (given.works) await sleep(given.works, undefined, { signal })
  if (given.loop) for (;;);
  if (given.linger) {
    await new Promise((settle) => signal.addEventListener('abort', settle))
    await exists(given.linger)
    return 'late'
  }
  if (given.exit !== undefined) process.exit(given.exit)
  if (given.kill) {
    process.kill(process.pid, given.kill)
    await sleep(10_000)
  }
  if (given['exit once'] && !existsSync(given['exit once'])) {
    writeFileSync(given['exit once'], '')
    process.exit(3)
  }
  if (given.meet) {
    met++
    while (met < given.meet) await sleep(1)
    return met
  }
  if (given.append) appendFileSync(given.append, `${job.id}\n`)
  if (given.count) return { jobs, ...(given.count === 'refresh' ? { refreshWorker: true } : {}) }
  if (given.args) return process.argv.slice(2)
  return given.return ?? null
}

await start({
  handler,
  ...(process.argv.includes('concurrent') ? { concurrencyModifier: () => 2 } : {}),
})
