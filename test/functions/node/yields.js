// Streams one value of each kind, from each kind of generator.
function* values() {
  yield 'text: ä'
  yield Buffer.from([0, 255])
  yield { json: ['ä'] }
  yield null
  return 'ignored'
}

exports.handler = values
exports.asynchronous = async function* () {
  yield* values()
}
exports.promised = async () => values()
exports.nothing = function* () {}
