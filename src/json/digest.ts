// One digest for all texts of the same JSON value (jobs.md REQ-7), regardless of white space, the order of members, escapes and the
// spelling of numbers. Every digit of a number counts. Without recursion: a text may be nested a million deep.

import { hash } from 'node:crypto'
import { setImmediate as pause } from 'node:timers/promises'
import {
  closeBrace,
  closeBracket,
  comma,
  decodeString,
  endOfString,
  endOfWord,
  openBrace,
  openBracket,
  quote,
  skipSpace,
} from './members.ts'

/**
 * The digest of a JSON text, hexadecimal. Pauses for other work in between: a large text may take seconds.
 * @param json valid JSON text in UTF-8
 */
export async function jsonDigest(json: Buffer): Promise<string> {
  const open: Container[] = []
  let at = skipSpace(json, 0)
  for (let step = 1; at < json.length; step++) {
    if (step % stepsAtOnce === 0) await pause()
    const byte = json[at]
    let done: string | undefined
    if (byte === openBrace || byte === openBracket) {
      open.push(byte === openBrace ? { members: new Map(), name: undefined } : { elements: [] })
      at = skipSpace(json, at + 1)
    } else if (byte === closeBrace || byte === closeBracket) {
      done = toForm(open.pop())
      at = skipSpace(json, at + 1)
    } else if (byte === comma) {
      at = skipSpace(json, at + 1)
    } else if (byte === quote) {
      const to = endOfString(json, at)
      const text = decodeString(json, { from: at, to })
      at = skipSpace(json, to)
      if (takesName(open.at(-1), text)) at = skipSpace(json, at + 1)
      else done = JSON.stringify(text)
    } else {
      const to = endOfWord(json, at)
      done = toWordForm(json.toString('latin1', at, to))
      at = skipSpace(json, to)
    }
    if (done === undefined) continue
    const container = open.at(-1)
    if (container === undefined) return hash('sha256', done)
    add(container, shorten(done))
  }
  throw new Error('the text is not JSON')
}

// An open container, with the forms of its elements or members so far.
type Container =
  { readonly members: Map<string, string>; name: string | undefined } | { readonly elements: string[] }

function takesName(container: Container | undefined, text: string): boolean {
  if (container === undefined || 'elements' in container || container.name !== undefined) return false
  container.name = text
  return true
}

function add(container: Container, form: string): void {
  if ('elements' in container) return void container.elements.push(form)
  container.members.set(container.name ?? '', form)
  container.name = undefined
}

function toForm(container: Container | undefined): string {
  if (container === undefined) return ''
  if ('elements' in container) return `[${container.elements.join()}]`
  const sorted = [...container.members].toSorted(([one], [other]) => (one < other ? -1 : 1))
  return `{${sorted.map(([name, form]) => `${shorten(JSON.stringify(name))}:${form}`).join()}}`
}

// A long form is replaced by its hash: else the forms of a deep text would grow with the square of its depth.
function shorten(form: string): string {
  return form.length <= longestForm ? form : `#${hash('sha256', form)}`
}

// 1.50e3 → 15e2: the digits from the first to the last that is not 0, and the power of ten of the last one.
function toWordForm(word: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] = number.exec(word) ?? []
  if (sign === undefined || exponent.length > longestExponent) return word
  const digits = (whole + fraction).replace(/^0+/, '')
  if (digits === '') return '0'
  const significant = trimZeros(digits)
  const power = Number(exponent) - fraction.length + digits.length - significant.length
  return `${sign}${significant}e${power}`
}

function trimZeros(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end--
  return digits.slice(0, end)
}

const number = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/
const stepsAtOnce = 10_000
const longestForm = 80
const longestExponent = 12 // characters
