#!/usr/bin/env node
// argv in, exit code out. The only place that ends the process.

import { runCommand } from './cli/command.ts'

process.exitCode = await runCommand(process.argv.slice(2), {
  exit: (code) => process.exit(code),
  onSignal: (name, listener) => void process.on(name, listener),
})
