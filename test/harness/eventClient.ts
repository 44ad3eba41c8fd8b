// Reads Server-Sent Events as they come, strictly: what a browser would forgive is an error here.

/** One event, or a comment. */
export interface SentEvent {
  /** "" for a comment */
  readonly event: string
  readonly id: string | undefined
  /** parsed; undefined for a comment */
  readonly data: unknown
}

/** An open event stream; disposing of it closes the connection. */
export interface EventClient extends AsyncDisposable {
  readonly response: Response
  /** the next event; undefined at the end. Rejects when the stream breaks off. */
  readonly next: () => Promise<SentEvent | undefined>
  /** everything up to the end */
  readonly rest: () => Promise<readonly SentEvent[]>
}

/** Opens an event stream. */
export async function openEvents(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventClient> {
  const abort = new AbortController()
  const response = await fetch(url, {
    headers: { Accept: 'text/event-stream', ...headers },
    signal: abort.signal,
  })
  const events = parse(response.body)
  const next = async (): Promise<SentEvent | undefined> => (await events.next()).value ?? undefined
  const rest = async (): Promise<readonly SentEvent[]> => {
    const all: SentEvent[] = []
    for (let event = await next(); event !== undefined; event = await next()) all.push(event)
    return all
  }
  return { response, next, rest, [Symbol.asyncDispose]: async () => abort.abort() }
}

async function* parse(body: ReadableStream<Uint8Array> | null): AsyncGenerator<SentEvent, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  for await (const bytes of body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      yield toEvent(text.slice(0, end))
      text = text.slice(end + 2)
    }
  }
  if (text !== '') throw new Error(`the stream ends within an event: ${text}`)
  return undefined
}

function toEvent(text: string): SentEvent {
  if (text === ':') return { event: '', id: undefined, data: undefined }
  const [, id, event, data] = /^(?:id: (\d+)\n)?event: (\w+)\ndata: ([^\r\n]*)$/.exec(text) ?? []
  if (event === undefined || data === undefined) throw new Error(`not an event: ${text}`)
  return { event, id, data: JSON.parse(data) as unknown }
}
