// `leave` leaves a timer behind that throws when the next invocation asks it to and is waited for by `meet`.
const { EventEmitter } = require('node:events')

const bell = new EventEmitter()

const deeds = {
  leave: async () => {
    const timer = setInterval(() => {
      if (!globalThis.mayThrow) return
      clearInterval(timer)
      setImmediate(() => bell.emit('thrown'))
      throw new RangeError('too late')
    }, 1)
    return 'left'
  },
  meet: async () => {
    globalThis.mayThrow = true
    await new Promise((settle) => bell.once('thrown', settle))
    return 'untouched'
  },
  throwOwn: () => new Promise(() => setTimeout(() => { throw new RangeError('own') }, 1)),
  rejectOwn: () => new Promise(() => { Promise.reject(new RangeError('own')) }),
  wait: () => new Promise(() => {}),
}

exports.handler = (deed) => deeds[deed]()
