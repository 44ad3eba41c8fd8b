// npm run bench: fnbox next to its peers in one run. `npm run bench -- NAME …` measures some rows. Asserts nothing.

import { toLines, toTable, type Figure, type Line } from './figure.ts'
import { loader } from './load.ts'
import { afterStart } from './rows/afterStart.ts'
import { bodies } from './rows/bodies.ts'
import { cpu } from './rows/cpu.ts'
import { garbage } from './rows/garbage.ts'
import { jobs } from './rows/jobs.ts'
import { memory } from './rows/memory.ts'
import { oneCore } from './rows/oneCore.ts'
import { instances, nodeLatency, nodeRate, pythonLatency, pythonRate, quiet, raw } from './rows/rates.ts'
import { recovery } from './rows/recovery.ts'
import { soak, soakPython } from './rows/soak.ts'
import { coldStart } from './rows/starts.ts'
import { stream } from './rows/stream.ts'

const rows: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  'node-latency': nodeLatency,
  'node-rate': nodeRate,
  raw,
  quiet,
  'one-core': oneCore,
  cpu,
  garbage,
  'python-latency': pythonLatency,
  'python-rate': pythonRate,
  instances,
  bodies,
  stream,
  'cold-start': coldStart,
  'after-start': afterStart,
  memory,
  recovery,
  jobs,
}
const onRequest: typeof rows = { soak, 'soak-python': soakPython }
const all = { ...rows, ...onRequest }

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(all, name))
if (unknown.length > 0) {
  process.stderr.write(`There is no row ${unknown.join(', ')}; there are ${Object.keys(all).join(', ')}.\n`)
  process.exitCode = 64
} else process.stdout.write(`${toTable(await measureAll(asked.length > 0 ? asked : Object.keys(rows)))}\n`)

async function measureAll(names: readonly string[]): Promise<readonly Line[]> {
  const lines: Line[] = []
  process.stderr.write(`Node.js ${process.versions.node}, load by ${loader}\n`)
  for (const name of names) {
    const begun = performance.now()
    lines.push(...(await measure(name)))
    process.stderr.write(`${name}: ${Math.round((performance.now() - begun) / 1000)} s\n`)
  }
  return lines
}

// A row that cannot be measured says why; the others go on.
async function measure(name: string): Promise<readonly Line[]> {
  try {
    const figures = (await all[name]?.()) ?? []
    return figures.flatMap((figure, at) => toLines(at === 0 ? name : '', figure))
  } catch (error) {
    return [
      [name, '', '', `not measured: ${error instanceof Error ? error.message : String(error)}`, '', '', ''],
    ]
  }
}
