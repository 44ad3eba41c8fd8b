// Run while the image is built, from dist/: has V8 compile the whole program, and keep that in the folder that main.ts looks for.

import { readdirSync } from 'node:fs'
import { createRequire, enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('.', import.meta.url))
const programs = new Set(['main.js', 'health.js', 'compile.js', 'storeThread.js']) // they would run; what they load is in the other files

const load = createRequire(import.meta.url)
enableCompileCache(join(dist, '..', 'compiled'))
for (const file of readdirSync(dist)) if (file.endsWith('.js') && !programs.has(file)) load(join(dist, file))
