// Reports its start and its end on its standard error; its input is a name and how many milliseconds it lasts.
const { setTimeout } = require('node:timers/promises')

exports.handler = async ({ payload: text }) => {
  const [name, ms] = text.split(' ')
  console.error(`begin ${name}`)
  await setTimeout(Number(ms))
  console.error(`end ${name}`)
  return name
}

exports.asynchronous = exports.handler

exports.blocks = ({ payload: text }) => {
  const [name, ms] = text.split(' ')
  console.error(`begin ${name}`)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms))
  console.error(`end ${name}`)
  return name
}
