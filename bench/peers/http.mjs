// Plain node:http around the function, in its own process: the floor of one process.

import { createServer } from 'node:http'
import work from '../functions/node/work.js'
import { send } from './streaming.cjs'

const [, , name, port] = process.argv

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer(request, response) {
  const parts = []
  for await (const part of request) parts.push(part)
  const input = JSON.parse(Buffer.concat(parts).toString())
  if (name === 'ticks') return send(work.ticks(input), response)
  const text = JSON.stringify(name === 'echo' ? work.echo(input) : work.hello(input))
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

createServer((request, response) => void answer(request, response)).listen(Number(port), '127.0.0.1')
