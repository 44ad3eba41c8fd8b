// Exports something that is no function.
exports.handler = 1
