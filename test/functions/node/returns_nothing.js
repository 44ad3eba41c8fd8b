// Gives no value, synchronously or as a promise.
exports.handler = async () => {}
exports.synchronous = () => {}
