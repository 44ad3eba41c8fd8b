// Tasks in CommonJS.

const { task } = require('fnbox/tasks')

exports.plain = (a) => ['common', a]
exports.wrapped = task(function wrapped(n) {
  return n + 1
})
exports.handler = async (n) => (await exports.wrapped(n)).id
