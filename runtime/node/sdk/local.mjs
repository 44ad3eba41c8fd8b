// One job without fnbox (jobs.md §11): `node handler.mjs --test_input …`.

import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { outputWritten } from '../log.mjs'
import { fail } from './flags.mjs'
import { write } from './log.mjs'

/**
 * Runs the test job, prints chunks and result, and ends the process with the codes of CLI-1.
 * @param {import('./program.mjs').Program} program
 * @param {import('./flags.mjs').Flags} flags
 * @param {boolean} alone whether fnbox is not the parent: test_input.json is read, too
 * @returns {Promise<never>}
 */
export async function runLocalTest(program, flags, alone) {
  if (alone && flags['rp_serve_api'])
    return fail(`There is no API server in here; run: fnbox serve ${basename(process.argv[1] ?? '')}`)
  const document = readDocument(flags['test_input'])
  const { error, json } = await run(program, document)
  const result = json === undefined ? {} : { output: JSON.parse(json.toString()) }
  write('INFO', `Job ${document.id} ${error === undefined ? 'completed successfully' : 'failed'}.`)
  if (error === undefined) write('INFO', `Job result: ${JSON.stringify(result)}`)
  const good = error === undefined && isExpected(result, flags['test_output'])
  await outputWritten()
  return process.exit(good ? 0 : 1)
}

/**
 * @param {import('./program.mjs').Program} program
 * @param {Record<string, unknown>} document
 */
async function run(program, document) {
  /** @type {Buffer[]} */
  const chunks = []
  const end = await program.run(document, {
    signal: new AbortController().signal,
    instance: 'unknown',
    next: (iterator) => iterator.next(),
    send: (json) => {
      process.stdout.write(`${json.toString()}\n`)
      chunks.push(json)
    },
  })
  if (end.error !== undefined || end.streamed !== true) return end
  return { ...end, json: Buffer.from(`[${chunks.join(',')}]`) }
}

/**
 * @param {string | boolean | undefined} given
 * @returns {Record<string, unknown> & { id: string }}
 */
function readDocument(given) {
  if (given === undefined && !existsSync(file))
    fail(`${file} not found, and no --test_input given; nothing to run.`)
  const document = parse(given === undefined ? readFileSync(file, 'utf8') : String(given), 'The test input')
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return fail('The test input is not a JSON object.')
  const input = 'input' in document ? document.input : document.input_data
  if (input === undefined || input === null) return fail('The test input has no input.')
  return { ...document, id: String(document.id ?? 'local_test'), input }
}

/**
 * @param {{ output?: unknown }} result
 * @param {string | boolean | undefined} given
 */
function isExpected(result, given) {
  if (given === undefined) return true
  const expected = parse(String(given), 'The test output')
  if (
    isDeepStrictEqual(expected, result) ||
    ('output' in result && isDeepStrictEqual(expected, result.output))
  )
    return true
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

const file = 'test_input.json'
