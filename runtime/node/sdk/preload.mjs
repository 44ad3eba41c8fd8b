// What the worker threads and forked processes that a function starts find under the name of this package: the same as the
// function itself (tasks.md W1). Node.js hands its options on to them, and so this file, which is one of them. Owns nothing.

import { fileURLToPath } from 'node:url'
import { offerModules } from './modules.mjs'

// The instance itself offers them when it knows what it loads.
const isInstance = process.argv[1] === fileURLToPath(new URL('../bootstrap.mjs', import.meta.url))
if (!isInstance) offerModules(['fnbox/serverless', 'fnbox/tasks'], 'auto')
