// The command line of a script (jobs.md §11): flags that are known are taken out of process.argv, the others stay.

import { parseArgs } from 'node:util'
import { setLevel, write } from './log.mjs'

/** @typedef {Readonly<Record<string, string | boolean | undefined>>} Flags values by the names of the flags */

/**
 * Takes the flags out of process.argv. One that cannot be used ends the process with 1.
 * @returns {Flags}
 */
export function takeFlags() {
  const args = process.argv.slice(2)
  const known = parseArgs({ args, options, strict: false, tokens: true }).tokens.flatMap((token) =>
    token.kind === 'option' && isKnown(token.name) ? [{ ...token, name: token.name }] : [],
  )
  const taken = new Set(known.flatMap(indexesOf))
  process.argv.splice(2, Infinity, ...args.filter((_, index) => !taken.has(index)))
  const flags = Object.fromEntries(known.map(({ name, value }) => [name, valueOf(name, value)]))
  if (flags['rp_log_level'] !== undefined && !setLevel(String(flags['rp_log_level'])))
    fail(`there is no log level ${flags['rp_log_level']}`)
  noteIgnored(flags)
  return flags
}

/**
 * Ends a process that cannot do what its command line asks for.
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  write('ERROR', message)
  return process.exit(1)
}

/** @param {string} name @returns {name is keyof typeof options} */
function isKnown(name) {
  return Object.hasOwn(options, name)
}

/** @param {{ index: number, value?: string | undefined, inlineValue?: boolean | undefined }} token */
function indexesOf({ index, value, inlineValue }) {
  return value === undefined || inlineValue ? [index] : [index, index + 1]
}

/**
 * @param {keyof typeof options} name
 * @param {string | undefined} value
 */
function valueOf(name, value) {
  if (options[name].type === 'boolean') return true
  return value ?? fail(`--${name} needs a value`)
}

/** @param {Flags} flags */
function noteIgnored(flags) {
  const given = ignored.filter((name) => flags[name] !== undefined).map((name) => `--${name}`)
  if (given.length > 0)
    write('WARN', `${given.join(', ')} without effect: the API is served by fnbox, with options of its own`)
}

const options = /** @type {const} */ ({
  test_input: { type: 'string' },
  test_output: { type: 'string' },
  rp_log_level: { type: 'string' },
  rp_debugger: { type: 'boolean' },
  rp_serve_api: { type: 'boolean' },
  rp_api_host: { type: 'string' },
  rp_api_port: { type: 'string' },
  rp_api_concurrency: { type: 'string' },
})

const ignored = ['rp_api_host', 'rp_api_port', 'rp_api_concurrency']
