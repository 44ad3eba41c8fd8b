#!/usr/bin/env node
// The program: arguments in, exit code out. The only file that ends the process.

import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Before anything is loaded that an older Node.js cannot parse.
if (Number.parseInt(process.versions.node) < 24) {
  process.stderr.write(`fnbox needs Node.js 24 or newer; this is ${process.versions.node}.\n`)
  process.exit(64)
}

// After an unexpected error, a bug of fnbox, a restart is safer than going on.
process.on('uncaughtException', (error) => {
  process.stderr.write(`fnbox has a bug, please report it: ${error.stack ?? error.message}\n`)
  process.exit(70)
})

// A reader of the output that has gone, as in `fnbox invoke … | head`, is no bug.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

// The image contains the code as V8 has compiled it (see the Dockerfile).
const compiled = fileURLToPath(new URL('../compiled', import.meta.url))
if (existsSync(compiled)) enableCompileCache(compiled)

process.exitCode = 70 // when the event loop is empty before the command has ended
void import('./cli/command.ts').then(async ({ runCommand }) => {
  process.exitCode = await runCommand(process.argv.slice(2), {
    exit: (code) => process.exit(code),
    onSignal: (name, listener) => void process.on(name, listener),
  })
})
