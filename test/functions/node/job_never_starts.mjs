import { start } from 'fnbox/serverless'

switch (process.argv[2]) {
  case 'ends':
    break
  case 'waits for nothing':
    await new Promise(() => {})
    break
  case 'ends later':
    setTimeout(() => {}, 20)
    break
  case 'no handler':
    await start({})
    break
  case 'not callable':
    void start({ handler: 'handler' })
    break
  case 'throws':
    throw new RangeError('not today')
  case 'throws later':
    setTimeout(() => {
      throw new RangeError('not today')
    }, 20)
    break
  case 'leaves':
    process.exit(5)
}
