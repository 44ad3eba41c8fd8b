// The headers of a request as the function sees them: some removed, some added by the platform, all in canonical form.

import type { Header, Peer } from './http.ts'
import { canonicalName } from './headerName.ts'
import type { RequestIds } from './ids.ts'
import { addValue, toValueMaps, type ValueMaps, type ValuesByName } from './valueMaps.ts'

/** Both header maps of an event; lines are never merged but for X-Forwarded-For (yandex.md, V-3). */
export function toHeaderMaps(lines: readonly Header[], peer: Peer, ids: RequestIds): ValueMaps {
  const values: ValuesByName = new Map()
  for (const [name, value] of lines) {
    const canonical = canonicalName(name)
    if (!removed.has(canonical)) addValue(values, canonical, value)
  }
  addPlatformHeaders(values, peer, ids)
  return toValueMaps(values)
}

// What the client says about itself is kept only in X-Forwarded-For; everything else is the platform's word.
function addPlatformHeaders(values: ValuesByName, peer: Peer, ids: RequestIds): void {
  const saidByClient = values.get('X-Forwarded-For')?.filter((line) => line !== '') ?? []
  values.set('X-Forwarded-For', [[...saidByClient, peer.address].join(', ')])
  values.set('X-Real-Remote-Address', [`[${peer.address}]:${peer.port}`])
  values.set('X-Request-Id', [ids.requestId])
  values.set('X-Trace-Id', [ids.traceId])
}

// Q-1, in canonical form.
const removed: ReadonlySet<string> = new Set([
  'Expect',
  'Te',
  'Trailer',
  'Upgrade',
  'Proxy-Authenticate',
  'Authorization',
  'Connection',
  'Content-Md5',
  'Max-Forwards',
  'Server',
  'Transfer-Encoding',
  'Www-Authenticate',
  'Cookie',
])
