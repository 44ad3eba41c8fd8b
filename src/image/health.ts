// The HEALTHCHECK of the image, a program that exits with 0 when the server answers: the image has no curl.

import { readdirSync, readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { fileURLToPath } from 'node:url'
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
    signal: AbortSignal.timeout(4000), // before the container engine kills this program
    rejectUnauthorized: false, // the name in the certificate is for callers
  },
  (answer: IncomingMessage) => {
    answer.resume()
    if (answer.statusCode !== 200) throw new Error(`/_/healthz says ${answer.statusCode}`)
  },
)
  .on('error', (error) => {
    throw error // prints the reason; the exit code is 1
  })
  .end()

// The flags are on the command line of the server: the oldest such process, not always the first one. An engine may add an init
// process, and the containers of a pod may share their processes.
function serverFlags(): Arguments['flags'] {
  const program = fileURLToPath(new URL('main.js', import.meta.url))
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  for (const pid of pids.toSorted((one, other) => Number(one) - Number(other))) {
    const line = commandLine(pid)
    if (line.includes(program)) return parseArguments(line.slice(1 + line.indexOf(program))).flags
  }
  return {}
}

function commandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    return [] // it has ended
  }
}
