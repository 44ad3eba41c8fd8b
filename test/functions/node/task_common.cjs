// Tasks in CommonJS.

const { run, task } = require('fnbox/tasks')

exports.plain = (a, kwargs) => ['common', a, kwargs]
exports.wrapped = task(function wrapped(n) {
  return n + 1
})
exports.handler = async (event) => (await run(exports.plain, [event])).responseId
