// Gives a thenable that is no promise.
exports.handler = () => ({ then: (settle) => settle('then') })
