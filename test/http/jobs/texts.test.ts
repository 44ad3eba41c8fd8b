import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  json,
  jsonValue,
  oneof,
  pre,
  property,
  record,
  string,
  stringMatching,
  tuple,
  uint8Array,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonDigest } from '../../../src/json/digest.ts'
import { toNewJob } from '../../../src/http/jobs/submitRequest.ts'
import { anyJobSettings } from '../../harness/jobSettings.ts'
import { memberTexts } from '../../../src/json/members.ts'

// JSON texts of objects as anybody may write them: white space anywhere, names in escapes, members that come twice.
const space = stringMatching(/^[ \n\r\t]{0,3}$/)
// Not names that begin with a backslash, in values neither: having read one, V8 takes escaped names of later texts for it.
const name = oneof(
  string(),
  constantFrom('input', 'a', '', '__proto__', '"', 'a\\', '{', '😀', '\u2028'),
).filter((each) => !each.startsWith('\\'))
const backslashName = /"\\\\(?:[^"\\]|\\.)*":/
const valueText = json({ maxDepth: 4 })
  .filter((text) => !backslashName.test(text))
  .chain((text) => tuple(space, space).map(([one, other]) => one + text + other))
const objectText = array(tuple(space, name, boolean(), space, valueText), { maxLength: 6 })
  .chain((members) => space.map((around) => ({ members, around })))
  .map(({ members, around }) => {
    const texts = members.map(
      ([before, each, escaped, behind, text]) =>
        `${before}${escaped ? inEscapes(each) : JSON.stringify(each)}${behind}:${text}`,
    )
    return `${around}{${around}${texts.join(',')}${around}}${around}`
  })

function digest(text: string): Promise<string> {
  return jsonDigest(Buffer.from(text))
}

function nested(inner: string): string {
  return `${'[{"a":'.repeat(100_000)}${inner}${'}]'.repeat(100_000)}`
}

function inEscapes(text: string): string {
  const units = text.split('').map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `"${units.join('')}"`
}

describe('the texts of members', () => {
  it('are those that JSON.parse reads, of members with the same name the last (A-9)', () => {
    assert(
      property(objectText, (text) => {
        const parsed = JSON.parse(text) as Record<string, unknown>
        const texts = memberTexts(Buffer.from(text))
        expect([...texts.keys()].toSorted()).toEqual(Object.keys(parsed).toSorted())
        for (const [each, found] of texts) {
          expect(JSON.parse(found.toString())).toEqual(Object.getOwnPropertyDescriptor(parsed, each)?.value)
          expect(found.toString()).toBe(found.toString().trim())
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are as they were sent, byte by byte (A-9)', () => {
    const text = '{ "a" : 9007199254740993 ,"b":[1.10, 2e+5 ,"\\u00e9 é"] , "c": {"x" :null}}'
    const texts = memberTexts(Buffer.from(text))
    expect([...texts].map(([each, found]) => [each, found.toString()])).toEqual([
      ['a', '9007199254740993'],
      ['b', '[1.10, 2e+5 ,"\\u00e9 é"]'],
      ['c', '{"x" :null}'],
    ])
  })

  it('have their names decoded', () => {
    const texts = memberTexts(Buffer.from(String.raw`{"\\":1,"\u0061":2,"\"":3,"\ud83d\ude00":4}`))
    expect([...texts.keys()]).toEqual(['\\', 'a', '"', '😀'])
  })

  it('are found however deep a value is nested', () => {
    const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`
    expect(memberTexts(Buffer.from(`{"input":${deep},"a":1}`)).get('input')?.length).toBe(2_000_000)
  })
})

describe('any bytes', () => {
  it('make a job or a fault that says why, never anything else (REQ-2)', () => {
    const anyObject = record(
      { input: jsonValue(), policy: jsonValue(), webhook: jsonValue(), s3Config: jsonValue() },
      { requiredKeys: [] },
    )
    const anyBody = oneof(
      uint8Array().map((bytes) => Buffer.from(bytes)),
      anyObject.map((each) => Buffer.from(JSON.stringify(each))),
    )
    assert(
      property(anyBody, (body) => {
        try {
          expect(toNewJob(body, 'run', anyJobSettings).input.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toMatchObject({
            code: 'invalid_job',
            message: expect.stringMatching(/^(the body|input|webhook|policy|s3Config)/),
          })
        }
      }),
    )
  })
})

describe('the digest of a JSON text', () => {
  it('is the same for the same value, however it is written (REQ-7)', async () => {
    await assert(
      asyncProperty(jsonValue(), space, async (each, around) => {
        const rewritten = around + JSON.stringify(reversed(each), undefined, 2) + around
        expect(await digest(rewritten)).toBe(await digest(JSON.stringify(each)))
      }),
    )
  })

  it('is another one for another value (REQ-7)', async () => {
    await assert(
      asyncProperty(jsonValue(), jsonValue(), async (one, other) => {
        const [first, second] = [one, other].map((each) => JSON.stringify(sorted(each)))
        pre(first !== undefined && second !== undefined)
        expect((await digest(first)) === (await digest(second))).toBe(first === second)
      }),
    )
  })

  it.each([
    ['1', '1.0'],
    ['100', '1e2'],
    ['0.015', '15E-3'],
    ['-0', '0'],
    ['"é"', '"\\u00e9"'],
    ['{"a":1,"b":2}', '{ "b" : 2 , "a" : 1 }'],
    ['{"a":1}', '{"a":2,"a":1}'],
  ])('is the same for %s and %s', async (one, other) => expect(await digest(one)).toBe(await digest(other)))

  it.each([
    ['9007199254740992', '9007199254740993'],
    ['"1"', '1'],
    ['[]', '{}'],
    ['[[1],2]', '[[1,2]]'],
    ['null', '"null"'],
    ['{"a":{}}', '{"a":[]}'],
    ['1e99999999999999999999', '2e99999999999999999999'],
  ])('is not the same for %s and %s', async (one, other) =>
    expect(await digest(one)).not.toBe(await digest(other)),
  )

  it('is made however deep a value is nested', async () => {
    expect(await digest(nested('1'))).not.toBe(await digest(nested('2')))
  })
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([each, inner]) => [each, reversed(inner)])
      .toReversed(),
  )
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value
  const entries = Object.entries(value).map(([each, inner]): [string, unknown] => [each, sorted(inner)])
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
