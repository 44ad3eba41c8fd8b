// The function as Google's functions framework runs it, in the process of its server.

const { http } = require('@google-cloud/functions-framework')
const work = require('../functions/node/work.js')
const { send } = require('./streaming.cjs')

http('hello', (request, response) => response.json(work.hello(request.body)))
http('echo', (request, response) => response.json(work.echo(request.body)))
http('ticks', (request, response) => void send(work.ticks(request.body), response))
