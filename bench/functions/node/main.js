// The function as fnbox runs it.

const work = require('./work.js')

exports.hello = async (event) => toReply(work.hello(JSON.parse(event.body)))
exports.echo = async (event) => toReply(work.echo(JSON.parse(event.body)))
exports.raw = async (event) => work.echo(event)
exports.rawHello = async (event) => work.hello(event)
exports.ticks = (event) => work.ticks(JSON.parse(event.body))

function toReply(value) {
  return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) }
}
