import { describe, expect, it } from 'vitest'
import { toStatus } from '../../bench/burst.ts'

const answer = 'HTTP/1.1 200 OK\r\nX-Other: 1\r\ncontent-length: 5\r\n\r\nhello'

describe('the status of an answer', () => {
  it('is known at the last byte of the body', () => {
    expect(toStatus(answer)).toBe(200)
  })

  it('is unknown before, wherever the bytes are split', () => {
    const earlier = Array.from({ length: answer.length }, (_, length) => toStatus(answer.slice(0, length)))
    expect(new Set(earlier)).toEqual(new Set([undefined]))
  })

  it('is that of an error, too', () => {
    expect(toStatus('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')).toBe(503)
  })

  it('cannot be told without Content-Length', () => {
    expect(() => toStatus('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).toThrow('Content-Length')
  })
})
