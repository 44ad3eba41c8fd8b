// Waits for as many milliseconds as it is told, and tells whether more than `least` of its time remained before.
const { setTimeout } = require('node:timers/promises')

exports.handler = async ({ ms, least }, context) => {
  const remaining = context.getRemainingTimeInMillis()
  await setTimeout(ms)
  return remaining > least
}
