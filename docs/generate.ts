// Writes the pages that say what the code says: `npm run docs`. A test compares them.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { catalogue } from '../src/errors.ts'
import { options } from '../src/options.ts'

const folder = import.meta.dirname

/** The generated pages by their paths below docs/, formatted. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>()
  for (const [name, text] of [
    ['configuration.md', configurationPage()],
    ['faults.md', faultsPage()],
  ] as const) {
    const filepath = join(folder, name)
    pages.set(name, await format(text, { ...(await resolveConfig(filepath)), filepath }))
  }
  return pages
}

function configurationPage(): string {
  const groups = Map.groupBy(Object.entries(options), ([, { group }]) => group)
  const tables = [...groups].map(
    ([group, rows]) =>
      `## ${group}\n\n| Option | Variable | Meaning |\n| - | - | - |\n${rows.map(toRow).join('\n')}\n`,
  )
  return `# Configuration

Every option, as \`fnbox --help\` lists them too; \`fnbox help COMMAND\` lists those of one command. An option wins over its variable. Durations are written \`250ms\`, \`10s\`, \`5m\`, \`1h\`, sizes
\`128MB\`, \`3.5MB\` or as bytes; 1 KB is 1,024 bytes. A value that cannot be used is a problem that \`fnbox check\` lists, never a silent default.

The handler is the first argument, or \`FNBOX_HANDLER\`. In the image \`--root\` is \`/function/code\`, \`--host\` is \`0.0.0.0\` and \`--data-dir\` is
\`/var/lib/fnbox\`.

${tables.join('\n')}
`
}

function toRow([name, { env, value, help }]: [string, DescribedOption]): string {
  const flag = value === undefined ? name : `${name} ${value.replaceAll('|', '\\|')}`
  return `| \`--${flag}\` | \`${env}\` | ${help} |`
}

interface DescribedOption {
  readonly env: string
  readonly value?: string
  readonly help: string
}

function faultsPage(): string {
  const rows = Object.entries(catalogue).map(
    ([code, { rule, blame, status, retry, advice }]) =>
      `| \`${code}\` | ${rule} | ${blame} | ${status} | ${retry ? 'yes' : 'no'} | ${advice} |`,
  )
  return `# Faults

Every answer that the function did not write has the header \`X-Fnbox-Fault\` with one of these codes, and a JSON body. "Rule" names the row of the
contract that defines the answer. "Retry" says whether the same request may succeed later.

| Code | Rule | Whose fault | Status | Retry | What to do |
| - | - | - | - | - | - |
${rows.join('\n')}
`
}

if (process.argv[1] === import.meta.filename)
  for (const [name, text] of await generatedPages()) writeFileSync(join(folder, name), text)
