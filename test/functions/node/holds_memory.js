// `eat` starts programs that hold so many MB each, and waits.
const { spawn } = require('node:child_process')
const { readFileSync } = require('node:fs')

const script = 'globalThis.kept = Buffer.alloc(Number(process.argv[1]) * 1024 ** 2, 1); setInterval(() => {}, 1000)'

exports.eat = async ({ programs, megabytes, detached }) => {
  for (let each = 0; each < programs; each++)
    spawn(process.execPath, ['-e', script, String(megabytes)], { stdio: 'ignore', detached })
  await new Promise(() => setInterval(() => {}, 1000))
}

exports.willing = async () => Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))

// Fills its heap with objects.
exports.heap = async () => {
  const kept = []
  for (;;) kept.push({ text: `${kept.length}` })
}
