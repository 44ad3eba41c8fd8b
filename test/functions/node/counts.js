// Counts its invocations in the module.
let count = 0

exports.handler = async () => ++count
