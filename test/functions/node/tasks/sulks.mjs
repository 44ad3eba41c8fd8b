// A module that cannot be imported when it is tried for the first time (tasks.md L5).

import { existsSync, writeFileSync } from 'node:fs'

const tried = new URL('sulks.tried', import.meta.url)

if (!existsSync(tried)) {
  writeFileSync(tried, '')
  await import('no-such-module-at-all')
}

export const f = () => 'loaded'
