// A module with the name of one of the runtime's own; returns its context.
exports.handler = async (event, context) => JSON.parse(JSON.stringify(context))
