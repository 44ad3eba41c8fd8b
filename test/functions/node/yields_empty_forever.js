// Streams empty texts without an end and without ever waiting for anything.
exports.handler = function* () {
  for (;;) yield ''
}
