// Builds what is shipped, so that the tests of the program run that: it also starts in half the time of the sources.

import { rolldown } from 'rolldown'
import type { TestProject } from 'vitest/node'
import config from '../../rolldown.config.ts'

/** Vitest's global set-up. */
export default async function buildBundle(project: TestProject): Promise<void> {
  project.onTestsRerun(build)
  await build()
}

async function build(): Promise<void> {
  const { output, ...input } = config
  await using bundle = await rolldown({ ...input, logLevel: 'warn' })
  await bundle.write(output)
}
