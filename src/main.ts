#!/usr/bin/env node
// argv in, exit code out. The only place that ends the process.

import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// What nobody has foreseen is a bug of ours: whoever runs us restarts us, which is safer than going on.
process.on('uncaughtException', (error) => {
  process.stderr.write(`fnbox has a bug, please report it: ${error.stack ?? error.message}\n`)
  process.exit(70)
})

// Whoever was to read our output may have gone (`fnbox invoke … | head`); that is no bug.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

// An image brings what V8 has compiled before along (see the Dockerfile).
const compiled = fileURLToPath(new URL('../compiled', import.meta.url))
if (existsSync(compiled)) enableCompileCache(compiled)

process.exitCode = 70 // what counts when nothing is left to do before the command has ended
void import('./cli/command.ts').then(async ({ runCommand }) => {
  process.exitCode = await runCommand(process.argv.slice(2), {
    exit: (code) => process.exit(code),
    onSignal: (name, listener) => void process.on(name, listener),
  })
})
