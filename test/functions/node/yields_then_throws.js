// Fails in the middle of a stream.
exports.handler = async function* () {
  yield 'first'
  throw new RangeError('in the middle')
}
