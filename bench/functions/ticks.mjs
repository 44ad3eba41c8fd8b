import { setTimeout as sleep } from 'node:timers/promises'
import { start } from 'fnbox/serverless'

await start({
  handler: async function* () {
    for (let tick = 0; tick < 300; tick++) {
      await sleep(10)
      yield performance.timeOrigin + performance.now()
    }
  },
})
