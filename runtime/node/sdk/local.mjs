// One job without fnbox (jobs.md §11): `node handler.mjs --test_input …`, and the flags of that command line.

import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { outputWritten } from '../log.mjs'
import { setLevel, write } from './log.mjs'

/** @typedef {Partial<Record<keyof typeof flagTypes, string | true>>} Flags */

/** Takes the flags that are known here out of process.argv. One that cannot be used ends the process with 1. */
export function takeFlags() {
  /** @type {Flags} */
  const flags = {}
  const args = process.argv.splice(2)
  for (let at = 0; at < args.length; at += 1) {
    if (args[at] === '--') {
      process.argv.push(...args.slice(at))
      break
    }
    const [, flag = '', inline] = /^--(\w+)(?:=([^]*))?$/.exec(args[at] ?? '') ?? []
    if (!isFlag(flag)) process.argv.push(args[at] ?? '')
    else if (flagTypes[flag] === 'switch') flags[flag] = true
    else flags[flag] = inline ?? args[++at] ?? fail(`--${flag} needs a value`)
  }
  const { rp_log_level: level } = flags
  if (level !== undefined && !setLevel(String(level))) fail(`there is no log level ${level}`)
  const ignored = Object.keys(flags).filter((flag) => isFlag(flag) && flagTypes[flag] === 'ignored')
  if (ignored.length > 0) {
    const names = ignored.map((flag) => `--${flag}`).join(', ')
    write('WARN', `${names} without effect: the API is served by fnbox, with options of its own`)
  }
  return flags
}

/**
 * Runs the test job, prints chunks and result, and ends the process with the codes of CLI-1.
 * @param {import('./program.mjs').Program} program
 * @param {Flags} flags
 * @param {boolean} alone whether fnbox is not the parent: test_input.json is read, too
 * @returns {Promise<never>}
 */
export async function runTestJob(program, flags, alone) {
  if (alone && flags.rp_serve_api)
    fail(`There is no API server in here; run: fnbox serve ${basename(process.argv[1] ?? '')}`)
  const document = readDocument(flags.test_input)
  const { error, json } = await run(program, document)
  const result = json === undefined ? {} : { output: JSON.parse(json.toString()) }
  write('INFO', `Job ${document.id} ${error === undefined ? 'completed successfully' : 'failed'}.`)
  if (error === undefined) write('INFO', `Job result: ${JSON.stringify(result)}`)
  const isGood = error === undefined && isExpected(result, flags.test_output)
  await outputWritten()
  return process.exit(isGood ? 0 : 1)
}

/**
 * @param {import('./program.mjs').Program} program
 * @param {Record<string, unknown>} document
 */
async function run(program, document) {
  /** @type {Buffer[]} */
  const chunks = []
  const outcome = await program.run(document, {
    signal: new AbortController().signal,
    instance: 'unknown',
    next: (iterator) => iterator.next(),
    send: (json) => {
      process.stdout.write(`${json.toString()}\n`)
      chunks.push(json)
    },
  })
  if (outcome.error !== undefined || outcome.streamed !== true) return outcome
  return { ...outcome, json: Buffer.from(`[${chunks.join(',')}]`) }
}

/**
 * @param {string | true | undefined} given
 * @returns {Record<string, unknown> & { id: string }}
 */
function readDocument(given) {
  if (given === undefined && !existsSync(inputFile))
    fail(`${inputFile} not found, and no --test_input given; nothing to run.`)
  const text = given === undefined ? readFileSync(inputFile, 'utf8') : String(given)
  const document = parse(text, 'The test input')
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return fail('The test input is not a JSON object.')
  const input = 'input' in document ? document.input : document.input_data
  if (input === undefined || input === null) return fail('The test input has no input.')
  return { ...document, id: String(document.id ?? 'local_test'), input }
}

/**
 * @param {{ output?: unknown }} result
 * @param {string | true | undefined} given
 */
function isExpected(result, given) {
  if (given === undefined) return true
  const expected = parse(String(given), 'The test output')
  const isOutput = 'output' in result && isDeepStrictEqual(expected, result.output)
  if (isOutput || isDeepStrictEqual(expected, result)) return true
  write('ERROR', `The result is not the expected one: ${JSON.stringify(expected)}`)
  return false
}

/**
 * @param {string} text
 * @param {string} what
 * @returns {any}
 */
function parse(text, what) {
  try {
    return JSON.parse(text)
  } catch (error) {
    return fail(`${what} is not valid JSON: ${/** @type {Error} */ (error).message}`)
  }
}

/** @param {string} name @returns {name is keyof typeof flagTypes} */
function isFlag(name) {
  return Object.hasOwn(flagTypes, name)
}

/** @param {string} message @returns {never} */
function fail(message) {
  write('ERROR', message)
  return process.exit(1)
}

const flagTypes = /** @type {const} */ ({
  test_input: 'text',
  test_output: 'text',
  rp_log_level: 'text',
  rp_debugger: 'switch',
  rp_serve_api: 'switch',
  rp_api_host: 'ignored',
  rp_api_port: 'ignored',
  rp_api_concurrency: 'ignored',
})

const inputFile = 'test_input.json'
