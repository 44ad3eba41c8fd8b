// A module with the name of one of the runtime's own.
exports.handler = async () => 'the function'
