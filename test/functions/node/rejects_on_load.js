// Loads, but leaves a rejection that nobody handles.
Promise.reject(new RangeError('not today'))
exports.handler = async () => 'loaded'
