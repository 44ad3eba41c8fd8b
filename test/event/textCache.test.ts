import { expect, test } from 'vitest'
import { TextCache } from '../../src/event/http.ts'

test('a cache of texts keeps the first 1000, and replaces their values', () => {
  const cache = new TextCache<number>()
  for (let each = 0; each < 1001; each++) cache.set(String(each), each, 1)
  expect([cache.get('0'), cache.get('999'), cache.get('1000')]).toEqual([0, 999, undefined])
  cache.set('0', 7, 1)
  cache.set('1000', 7, 1)
  expect([cache.get('0'), cache.get('1000')]).toEqual([7, undefined])
})

test('a cache of texts keeps nothing that is longer than 200 characters', () => {
  const cache = new TextCache<string>()
  cache.set('a', 'short', 200)
  cache.set('b', 'long', 201)
  cache.set('a', 'long', 201)
  expect([cache.get('a'), cache.get('b')]).toEqual(['short', undefined])
})
