// A fixed number of calls over raw sockets, which use less CPU time than clients of node:http.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { sending, type Call } from './request.ts'
import { quantile } from './statistics.ts'

/** The result of one burst, milliseconds. */
export interface Burst {
  /** from the first call to the last answer */
  readonly tookMs: number
  readonly p99: number
}

/**
 * Sends a number of calls, one at a time on each client's connection.
 * @throws Error when a call is not answered with 200
 */
export async function burst(url: string, call: Call, clients: number, count: number): Promise<Burst> {
  const { hostname, port } = new URL(url)
  const sockets = Array.from({ length: clients }, () => connect(Number(port), hostname).setNoDelay())
  try {
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    const request = toRequest(url, call)
    const times: number[] = []
    let left = count
    const begun = performance.now()
    await Promise.all(
      sockets.map(async (socket) => {
        while (left-- > 0) times.push(await exchange(socket, request))
      }),
    )
    return { tookMs: performance.now() - begun, p99: quantile(times, 0.99) }
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

/** The status of an answer, undefined before its last byte. @throws Error without Content-Length */
export function toStatus(received: string): number | undefined {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const head = received.slice(0, headEnd)
  const length = /^content-length: *(\d+)$/im.exec(head)?.[1]
  if (length === undefined) throw new Error('an answer has no Content-Length')
  if (received.length < headEnd + 4 + Number(length)) return undefined
  return Number(head.split(' ', 2)[1])
}

function toRequest(url: string, call: Call): string {
  const { pathname, search, host } = new URL(call.path, url)
  const { method, headers } = sending(call)
  const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n${call.body}`
}

/** @returns milliseconds to the end of the answer */
async function exchange(socket: Socket, request: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const begun = performance.now()
  let received = ''
  const onData = (bytes: Buffer): void => {
    received += bytes.toString('latin1')
    try {
      const status = toStatus(received)
      if (status === 200) resolve(performance.now() - begun)
      else if (status !== undefined) reject(new Error(`a call was answered with ${status}`))
    } catch (error) {
      reject(error)
    }
  }
  const onClose = (): void => reject(new Error('a connection was closed'))
  socket.on('data', onData).on('error', reject).on('close', onClose)
  socket.write(request)
  try {
    return await promise
  } finally {
    socket.off('data', onData).off('error', reject).off('close', onClose)
  }
}
