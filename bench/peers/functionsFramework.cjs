// The function as Google's functions framework runs it, in the process of its server.

const { once } = require('node:events')
const { http } = require('@google-cloud/functions-framework')
const work = require('../functions/node/work.js')

http('hello', (request, response) => response.json(work.hello(request.body)))
http('echo', (request, response) => response.json(work.echo(request.body)))
http('ticks', async (request, response) => {
  for await (const tick of work.ticks(request.body)) if (!response.write(tick)) await once(response, 'drain')
  response.end()
})
