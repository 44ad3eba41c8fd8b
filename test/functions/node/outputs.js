// Writes its input to both streams in every way: as the language does, to the descriptors, and by a program.
const { spawnSync } = require('node:child_process')
const { writeSync } = require('node:fs')

exports.handler = ({ payload: name }) => {
  console.log(`${name} prints`)
  console.error(`${name} prints`)
  for (const descriptor of [1, 2]) writeSync(descriptor, `${name} writes\n`)
  spawnSync('sh', ['-c', `echo ${name} runs; echo ${name} runs >&2`], { stdio: 'inherit' })
  process.stdout.write(`${name} ends`)
  process.stderr.write(`${name} ends`)
  return name
}
