// Nothing but node:http around the function, in its own process: the floor.

import { once } from 'node:events'
import { createServer } from 'node:http'
import work from '../functions/node/work.js'

const [, , name, port] = process.argv

createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  const input = JSON.parse(Buffer.concat(parts).toString())
  if (name === 'ticks') {
    for await (const tick of work.ticks(input)) if (!response.write(tick)) await once(response, 'drain')
    return response.end()
  }
  const text = JSON.stringify(name === 'echo' ? work.echo(input) : work.hello(input))
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}).listen(Number(port), '127.0.0.1')
