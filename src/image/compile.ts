// A program that runs from dist/ while the image is built: V8 compiles fnbox and stores the result where main.ts looks for it.

import { readdirSync } from 'node:fs'
import { createRequire, enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('.', import.meta.url))
const programs = new Set(['main.js', 'health.js', 'compile.js', 'storeThread.js']) // they would run

const load = createRequire(import.meta.url)
enableCompileCache(join(dist, '..', 'compiled'))
for (const file of readdirSync(dist)) if (file.endsWith('.js') && !programs.has(file)) load(join(dist, file))
