// Writes to its log what the caller asks for.
const deeds = {
  // Its own request id, a few times with pauses in between.
  id: async ({ times = 3 }, { requestId }) => {
    for (let each = 0; each < times; each++) {
      console.log(`${requestId} says ${each}`)
      await new Promise((resolve) => setTimeout(resolve, each % 3))
    }
  },
  write: ({ text }) => void process.stdout.write(text),
  console: () => {
    console.log('out %d', 1)
    console.error('err')
  },
  throw: () => {
    throw new RangeError('two\nlines')
  },
  exit: () => {
    console.log('last words')
    process.exit(3)
  },
  late: () => void setTimeout(() => Promise.reject(new RangeError('nobody\nwaits')), 1),
  flood: async ({ forever }) => {
    const block = forever ? `${'x'.repeat(10_000)}\n`.repeat(10) : `${'x'.repeat(100)}\n`.repeat(1000)
    for (let each = 0; forever || each < 400; each++) await new Promise((resolve) => process.stdout.write(block, resolve))
    console.log('end of the flood')
  },
}

exports.handler = async (wish, context) => {
  await deeds[wish.do](wish, context)
  return 'done'
}
