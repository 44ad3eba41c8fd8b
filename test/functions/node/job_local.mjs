import { progressUpdate, registerFitnessCheck, start } from 'fnbox/serverless'

registerFitnessCheck(() => {
  throw new Error('not under local test')
})

const deeds = {
  echo: (job) => job,
  yields: function* () {
    yield 'first'
    yield { n: 2 }
  },
  fails: () => ({ error: 'boom' }),
  throws: () => {
    throw new RangeError('m')
  },
  nothing: () => ({}),
  number: () => 7,
  args: () => process.argv.slice(2),
  progress: (job) => {
    progressUpdate(job, { step: 1 })
    setInterval(() => {}, 1000) // what it leaves behind keeps nobody waiting
    return 'done'
  },
}

await start({ handler: (job) => deeds[job.input.do](job) })
