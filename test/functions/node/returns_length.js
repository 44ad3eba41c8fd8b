// Returns a text of the wished length.
exports.handler = (length) => 'x'.repeat(length)
