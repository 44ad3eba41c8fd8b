import { fileURLToPath } from 'node:url'
import { start } from 'fnbox/serverless'
import { sibling } from './job_sibling.mjs'

const seen = {
  main: import.meta.main,
  file: fileURLToPath(import.meta.url),
  cwd: process.cwd(),
  sibling,
}

// The setup of a program may take its time.
await new Promise((settle) => setTimeout(settle, 20))
await start({ handler: () => ({ ...seen, argv: process.argv }) })
