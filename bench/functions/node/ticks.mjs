// The chunks of work.js as those of a job.

import { start } from 'fnbox/serverless'
import work from './work.js'

await start({ handler: (job) => work.ticks(job.input), returnAggregateStream: true })
