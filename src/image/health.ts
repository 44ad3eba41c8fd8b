// HEALTHCHECK of the image, a program of its own that needs no curl: ends well when the server in this container answers.

import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { parseArguments, type Arguments } from '../cli/arguments.ts'
import { readOptions } from '../config.ts'

const { values } = readOptions(serverFlags())
const { host, port, tls, 'tls-cert': cert, 'admin-port': adminPort } = values
const here: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
const request = tls === undefined && cert === undefined ? httpRequest : httpsRequest

request(
  {
    host: here[host] ?? host,
    port: adminPort ?? port,
    path: '/_/healthz',
    signal: AbortSignal.timeout(4000), // before the engine ends this program without a reason
    rejectUnauthorized: false, // we ask ourselves; the name in the certificate is for callers
  },
  (answer: IncomingMessage) => {
    answer.resume()
    if (answer.statusCode !== 200) throw new Error(`/_/healthz says ${answer.statusCode}`)
  },
).end() // an error is not caught: it is the reason, and the exit code is 1

// Flags of the server are in nobody's environment; they are in what the container's first process was told to run.
function serverFlags(): Arguments['flags'] {
  const line = readFileSync('/proc/1/cmdline', 'utf8').split('\0').slice(0, -1)
  return parseArguments(line.slice(1 + line.findIndex((each) => each.endsWith('/main.js')))).flags
}
