// HTTP as plain values: what came in, what goes out. No sockets and no framework.

/** One header line: its name as it was written, and its value as text. */
export type Header = readonly [name: string, value: string]

/** A request that was read completely. */
export interface HttpRequest {
  /** upper case, as received */
  readonly method: string
  /** as received, without the query; percent escapes are still there */
  readonly path: string
  /** what follows the first `?`, undecoded; "" without a query */
  readonly query: string
  /** every line in order of arrival, never merged; values are UTF-8 with U+FFFD for invalid bytes */
  readonly headers: readonly Header[]
  readonly body: Buffer
  readonly peer: Peer
  /** arrival, epoch milliseconds */
  readonly receivedAt: number
}

/** The other end of the connection; an IPv4-mapped IPv6 address is written as IPv4 (yandex.md Q-5). */
export interface Peer {
  readonly address: string
  readonly port: number
}

/** Status line and headers of an answer, in sending order. */
export interface HttpReplyHead {
  readonly status: number
  readonly headers: readonly Header[]
}

/**
 * A whole answer. `Content-Length` is computed from the body when it is sent. One among `headers` is the function's own:
 * it takes the place of the computed one in the answer to HEAD, and is left out of every other (yandex.md ).
 */
export interface HttpReply extends HttpReplyHead {
  readonly body: Buffer
}

/** A path, or a part of one, without its percent escapes; as it came when one of them is malformed (yandex.md U-2). */
export function unescaped(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** The value of the last line with that name, whatever the case of its letters; undefined without one. */
export function lastHeader(headers: readonly Header[], name: string): string | undefined {
  const wanted = name.toLowerCase()
  return headers.findLast(([each]) => each.length === wanted.length && each.toLowerCase() === wanted)?.[1]
}
