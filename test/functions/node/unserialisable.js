// Returns or yields a value that JSON cannot hold.
const cycle = {}
cycle.cycle = cycle

exports.handler = async () => cycle
exports.symbol = async () => Symbol('no JSON')
exports.stream = function* () {
  yield 'first'
  yield cycle
}
