// Builds what is shipped, so that the tests of the program run that: it also starts in half the time of the sources.

import { build as bundle } from 'rolldown'
import type { TestProject } from 'vitest/node'
import config from '../../rolldown.config.ts'

/** Vitest's global set-up. */
export default async function buildBundle(project: TestProject): Promise<void> {
  project.onTestsRerun(build)
  await build()
}

async function build(): Promise<void> {
  await bundle({ ...config, logLevel: 'warn' })
}
