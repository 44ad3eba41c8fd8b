// `handler` returns what the body says, `named` a response with one header that the query names; `seen` shows its event.
exports.handler = async (event) => JSON.parse(event.body)

exports.named = async ({ queryStringParameters: { name, value } }) => ({ headers: { [name]: value }, body: 'x' })

exports.seen = async (event) => ({ body: JSON.stringify(event) })
