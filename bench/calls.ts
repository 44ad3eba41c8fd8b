// The calls of the benchmark and their right answers.

import type { Call } from './request.ts'

/** A small object in, a smaller one out. */
export const hello: Call = {
  path: '',
  body: '{"name":"Ada","numbers":[1,2,3,4]}',
  isAnswer: (text) => JSON.stringify(JSON.parse(text)) === '{"greeting":"Hello, Ada","sum":10}',
}

/** So many bytes of JSON, in and out again: records of a number and a text. */
export function echo(bytes: number, path = ''): Call {
  const size = record(100_000).length + 1
  const count = Math.floor((bytes - 2) / size)
  const body = `[${Array.from({ length: count }, (_, at) => record(100_000 + at)).join(',')}]`
  return { path, body, isAnswer: (text) => text.length === body.length }
}

/** A stream of chunks, each with the time at which it was made. */
export function ticks(count: number, everyMs: number): Call {
  return {
    path: '',
    body: JSON.stringify({ count, everyMs }),
    isAnswer: (text) => text.split('\n').length === count + 1,
  }
}

function record(id: number): string {
  return `{"id":${id},"text":"${'lorem ipsum '.repeat(10)}"}`
}
