// npm run bench: what fnbox costs, each figure next to another one of the same run. Prints; asserts nothing.

import { jobs } from './jobs.ts'

const subjects = { jobs }

const asked = process.argv.slice(2)
for (const [name, measure] of Object.entries(subjects)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  process.stdout.write(`\n${name}\n`)
  for await (const line of measure()) process.stdout.write(`  ${line}\n`)
}
