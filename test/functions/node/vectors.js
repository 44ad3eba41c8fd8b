// The functions of the test vectors: one that shows its event, one that answers what it is told, one that shows its argument.
exports.echo = async (event, context) => ({ statusCode: 200, body: JSON.stringify(event) })

exports.answers = async (event) => JSON.parse(event.body)

exports.given = async (argument) => argument

exports.count = async () => ({ statusCode: 200, body: String(++calls) })

exports.environment = async () => ({ cwd: process.cwd(), env: process.env })

exports.fails = async () => unknownVariable

exports.callback = (event, context, callback) => Promise.resolve({ arguments: exports.callback.length, third: typeof callback })

let calls = 0
