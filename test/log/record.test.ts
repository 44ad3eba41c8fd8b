import { describe, expect, it } from 'vitest'
import { toErrorText, toRecord } from '../../src/log/record.ts'

const levels = [
  ['TRACE', 'trace'],
  ['debug', 'debug'],
  ['Info', 'info'],
  ['WARN', 'warn'],
  ['Warning', 'warn'],
  ['ERROR', 'error'],
  ['fatal', 'fatal'],
  ['CRITICAL', 'fatal'],
] as const

describe('a line that is a JSON object with a text (G-2)', () => {
  it.each(levels)('has the level %s in any case', (level, expected) => {
    expect(toRecord(JSON.stringify({ level, msg: 'x' }))).toEqual({ level: expected, message: 'x' })
  })

  it.each([
    ['{"level":"ERROR","message":"x","k":1}', { level: 'error', message: 'x', payload: { k: 1 } }],
    ['  {"msg":"x"}\r', { message: 'x' }],
    ['{"message":"a","msg":"b"}', { message: 'a', payload: { msg: 'b' } }],
    ['{"message":""}', { message: '' }],
    ['{"message":null}', { message: 'null' }],
    ['{"msg":{"a":[1]}}', { message: '{"a":[1]}' }],
    ['{"msg":7}', { message: '7' }],
    ['{"msg":"x","level":"LOUD"}', { message: 'x', payload: { level: 'LOUD' } }],
    ['{"msg":"x","level":30}', { message: 'x', payload: { level: 30 } }],
    ['{"msg":"x","stream_name":"s"}', { message: 'x', stream_name: 's' }],
    ['{"msg":"x","stream_name":""}', { message: 'x', payload: { stream_name: '' } }],
    ['{"msg":"x","stream_name":5}', { message: 'x', payload: { stream_name: 5 } }],
    ['{"msg":"a\\rb"}', { message: 'a\rb' }],
  ])('%s', (line, record) => {
    expect(toRecord(line)).toEqual(record)
  })

  it('has a stream name of at most 63 characters', () => {
    const name = 's'.repeat(63)
    expect(toRecord(JSON.stringify({ msg: 'x', stream_name: name }))).toMatchObject({ stream_name: name })
    expect(toRecord(JSON.stringify({ msg: 'x', stream_name: `${name}s` }))).toMatchObject({
      payload: { stream_name: `${name}s` },
    })
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('keeps the key %s', (key) => {
    const { payload } = toRecord(`{"${key}":{"level":"ERROR"},"msg":"x"}`)
    expect(JSON.stringify(payload)).toBe(`{"${key}":{"level":"ERROR"}}`)
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype)
  })
})

describe('any other line is text with unspecified level (G-3)', () => {
  const deep = `{"message":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
  it.each([
    '',
    'text',
    '{"k":1}',
    '{"__proto__":{"message":"x"}}',
    '["message"]',
    '"message"',
    '{message}',
    '{"message":"x"} and more',
    'a\rb',
    deep,
  ])('%.30s', (line) => {
    expect(toRecord(line)).toEqual({ message: line })
  })

  it.each([
    ['ASCII', 'x'],
    ['two-byte characters', 'ä'],
  ])('as is one of more than 65,536 bytes of %s', (_, character) => {
    const around = '{"msg":""}'.length
    const size = Buffer.byteLength(character)
    const longest = `{"msg":"${character.repeat((65_536 - around) / size)}"}`
    expect(Buffer.byteLength(longest)).toBe(65_536)
    expect(toRecord(longest).message).not.toBe(longest)
    expect(toRecord(`${longest} `)).toEqual({ message: `${longest} ` })
  })
})

describe('the record of an error (F-30, G-8)', () => {
  it.each([
    ['without a stack', { errorType: 'E', errorMessage: 'two\nlines' }, 'E: two\rlines'],
    [
      'of Node.js',
      {
        errorType: 'E',
        errorMessage: 'm',
        stackTrace: [{ function: 'f', file: '/a.js', line: 1, column: 2 }, { line: 'at <anonymous>' }],
      },
      'E: m\r    at f (/a.js:1:2)\r    at <anonymous>',
    ],
    [
      'of Python',
      { errorType: 'E', errorMessage: 'm', stackTrace: ['  File "a.py", line 1, in f\n    g()\n'] },
      'E: m\r  File "a.py", line 1, in f\r    g()',
    ],
    [
      'with a row of something else',
      { errorType: 'E', errorMessage: 'm', stackTrace: [null] },
      'E: m\r    undefined',
    ],
  ])('%s is one line', (_, error, text) => {
    expect(toErrorText(error)).toBe(text)
  })
})
