// Does what the caller asks for, however bad; without a wish it answers with its process id.
const fs = require('node:fs')
const { spawn } = require('node:child_process')

const kept = []

const deeds = {
  throw: () => {
    throw new RangeError('thrown at once')
  },
  'throw-later': async () => {
    setTimeout(() => {
      throw new RangeError('thrown later')
    }, 10)
    await new Promise(() => setInterval(() => {}, 1000))
  },
  'reject-unhandled': async () => {
    Promise.reject(new RangeError('nobody catches this'))
    await new Promise(() => setInterval(() => {}, 1000))
  },
  exit: () => process.exit(3),
  'kill-self': () => process.kill(process.pid, 'SIGKILL'),
  loop: () => {
    for (;;);
  },
  'await-forever': () => new Promise(() => {}),
  'eat-memory': async () => {
    for (;;) {
      kept.push(Buffer.alloc(8 * 1024 * 1024, 1))
      await new Promise((resolve) => setImmediate(resolve))
    }
  },
  flood: () => {
    for (let line = 0; line < 10_000; line++) console.log(`line ${line} ${'x'.repeat(100)}`)
    return 'flooded'
  },
  'close-descriptors': async () => {
    for (let descriptor = 3; descriptor < 64; descriptor++) {
      try {
        fs.closeSync(descriptor)
      } catch {}
    }
    await new Promise(() => setInterval(() => {}, 1000))
  },
  'close-output': () => {
    fs.closeSync(1)
    fs.closeSync(2)
    return 'closed'
  },
  'reply-late': async ({ ms }) => {
    const until = Date.now() + ms
    while (Date.now() < until);
    return 'too late'
  },
  grandchild: ({ pidFile, detached }) => {
    const script = "process.on('SIGTERM', () => {}); require('fs').writeFileSync(process.argv[1], String(process.pid)); setInterval(() => {}, 1000)"
    const child = spawn(process.execPath, ['-e', script, pidFile], { stdio: 'ignore', detached })
    child.unref()
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        if (!fs.existsSync(pidFile) || fs.readFileSync(pidFile, 'utf8') === '') return
        clearInterval(timer)
        resolve('left a grandchild')
      }, 5)
    })
  },
}

exports.handler = async (wish) => {
  const deed = deeds[wish?.do]
  return deed === undefined ? { pid: process.pid } : deed(wish)
}
