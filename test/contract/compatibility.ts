// docs/compatibility.md as data, and the reporter that holds it against a whole run of the suite: each test that the
// document names must be there and pass.

import { readFileSync } from 'node:fs'
import type { Reporter, TestModule, Vitest } from 'vitest/node'

/** One row of the document. */
export interface DocumentedRule {
  readonly id: string
  /** documented, observed, ours; several when the rule has parts */
  readonly marks: string
  /** title of the test that proves it; undefined where a reason stands in its place */
  readonly test: string | undefined
}

/** The rows of docs/compatibility.md. */
export function documentedRules(): readonly DocumentedRule[] {
  return readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => /^\| ([A-Z]-\d+) +\| ([^|]+?) +\| (.*?) +\|$/.exec(line))
    .filter((match) => match !== null)
    .map(([, id = '', marks = '', proof = '']) => ({ id, marks, test: /^`(.*)`$/.exec(proof)?.[1] }))
}

/** Fails a run of the whole suite when the document names a test that did not pass in it. */
export default class CompatibilityReporter implements Reporter {
  #files = 0
  #isFiltered = false

  onInit({ config }: Vitest): void {
    this.#isFiltered = config.testNamePattern !== undefined
  }

  onTestRunStart(specifications: readonly unknown[]): void {
    this.#files = specifications.length
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    if (this.#isFiltered || !this.#isWhole(modules)) return
    const passed = new Set(tests.filter((test) => test.ok()).map((test) => test.name))
    const missing = documentedRules().filter(({ test }) => test !== undefined && !passed.has(test))
    for (const { id, test } of missing)
      console.error(`docs/compatibility.md: ${id} names a test that did not pass: ${test}`)
    if (missing.length > 0) process.exitCode = 1
  }

  #isWhole(modules: readonly TestModule[]): boolean {
    return (
      modules.length === this.#files &&
      modules.some(({ moduleId }) => moduleId.endsWith('compatibility.test.ts')) &&
      modules.length > 20
    )
  }
}
