// The floor of two processes: node:http in one, the function in its child process, JSON frames over a socket. It has no
// queue limit, no deadline and no log. Its last argument is the number of calls that are sent ahead of the one that runs.

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import work from '../functions/node/work.js'

/** @typedef {{ statusCode: number, headers: Record<string, string>, body: string }} Reply */

const [, , port, ahead] = process.argv
if (port === undefined) runFunction(new Socket({ fd: 3 }))
else serve(Number(port), Number(ahead), startChild())

function startChild() {
  const stdio = /** @type {const} */ (['ignore', 'inherit', 'inherit', 'pipe'])
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], { stdio: [...stdio] })
  return /** @type {Socket} */ (child.stdio[3]) // Node.js makes a pair of sockets for 'pipe'
}

/**
 * The parent.
 * @param {number} onPort
 * @param {number} most calls that are sent ahead
 * @param {Socket} child
 */
function serve(onPort, most, child) {
  /** @type {{ frame: Buffer, response: import('node:http').ServerResponse }[]} */
  const waiting = []
  /** @type {import('node:http').ServerResponse[]} */
  const sent = [] // in the order of their answers

  const sendMore = () => {
    while (sent.length <= most) {
      const call = waiting.shift()
      if (call === undefined) return
      sent.push(call.response)
      writeTogether(child, call.frame)
    }
  }

  onFrames(child, (/** @type {Reply} */ { statusCode, headers, body }) => {
    const response = sent.shift()
    sendMore()
    response?.writeHead(statusCode, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body)
  })

  createServer((request, response) => {
    /** @type {Buffer[]} */
    const parts = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      waiting.push({ frame: toFrame(toEvent(request, Buffer.concat(parts).toString())), response })
      sendMore()
    })
  }).listen(onPort, '127.0.0.1')
}

/**
 * The child: one call at a time, in the order of arrival.
 * @param {Socket} parent
 */
function runFunction(parent) {
  parent.on('error', () => process.exit()) // the parent has gone
  let last = Promise.resolve()
  onFrames(parent, (/** @type {{ body: string }} */ event) => {
    last = last.then(async () => void parent.write(toFrame(await answer(event))))
  })
}

/**
 * @param {{ body: string }} event
 * @returns {Promise<Reply>}
 */
async function answer({ body }) {
  const headers = { 'Content-Type': 'application/json' }
  return { statusCode: 200, headers, body: JSON.stringify(work.hello(JSON.parse(body))) }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {string} body
 */
function toEvent({ method, url = '', headers, headersDistinct, socket }, body) {
  const now = new Date()
  const at = url.indexOf('?')
  return {
    httpMethod: method,
    headers,
    multiValueHeaders: headersDistinct,
    queryStringParameters: at === -1 ? {} : Object.fromEntries(new URLSearchParams(url.slice(at))),
    requestContext: {
      identity: { sourceIp: socket.remoteAddress, userAgent: headers['user-agent'] ?? '' },
      httpMethod: method,
      requestId: randomUUID(),
      requestTime: now.toISOString(),
      requestTimeEpoch: Math.floor(now.getTime() / 1000),
    },
    body,
    isBase64Encoded: false,
  }
}

/**
 * Writes all frames of one turn of the event loop with one system call.
 * @param {Socket} socket
 * @param {Buffer} frame
 */
function writeTogether(socket, frame) {
  if (socket.writableCorked === 0) {
    socket.cork()
    setImmediate(() => socket.uncork())
  }
  socket.write(frame)
}

/**
 * The length of the JSON text in four bytes, then the text.
 * @param {unknown} value
 */
function toFrame(value) {
  const text = JSON.stringify(value)
  const frame = Buffer.allocUnsafe(lengthBytes + Buffer.byteLength(text))
  frame.writeUInt32BE(frame.length - lengthBytes)
  frame.write(text, lengthBytes)
  return frame
}

/**
 * Reads frames wherever the socket splits them.
 * @param {Socket} socket
 * @param {(value: any) => void} take
 */
function onFrames(socket, take) {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= lengthBytes) {
      const end = lengthBytes + rest.readUInt32BE()
      if (rest.length < end) return
      take(JSON.parse(rest.toString('utf8', lengthBytes, end)))
      rest = rest.subarray(end)
    }
  })
}

const lengthBytes = 4
