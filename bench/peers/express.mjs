// Plain Express around the function, in its own process. Without ETags, which no other peer computes.

import express from 'express'
import work from '../functions/node/work.js'
import { send } from './streaming.cjs'

const [, , name, port] = process.argv

const app = express()
  .disable('etag')
  .use(express.json({ limit: '10mb' }))
if (name === 'hello') app.post('/', (request, response) => response.json(work.hello(request.body)))
if (name === 'echo') app.post('/', (request, response) => response.json(work.echo(request.body)))
if (name === 'ticks') app.post('/', (request, response) => void send(work.ticks(request.body), response))
app.listen(Number(port), '127.0.0.1')
