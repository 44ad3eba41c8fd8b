// YAML files as their readers take them: parsed strictly, then held against the published schemas of what they describe.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Service as KnativeService } from '@kubernetes-models/knative/serving.knative.dev/v1'
import { DCLinter } from 'dclint'
import { Deployment } from 'kubernetes-models/apps/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Service } from 'kubernetes-models/v1'
import { parseDocument } from 'yaml'

/**
 * Reads a file with one YAML document.
 * @throws with everything that is wrong with it: duplicate keys, warnings, values that YAML 1.1 (which Kubernetes reads)
 *   and YAML 1.2 understand differently
 */
export function readYaml(path: string): unknown {
  return toValue(readFileSync(path, 'utf8'))
}

/** As `readYaml`, for a text. */
export function toValue(text: string): unknown {
  const document = parseDocument(text, { merge: true }) // as every reader of compose files does
  const troubles = [...document.errors, ...document.warnings]
  if (troubles.length > 0) throw new Error(troubles.map(({ message }) => message).join('\n'))
  const value: unknown = document.toJS()
  if (JSON.stringify(value) !== JSON.stringify(parseDocument(text, { version: '1.1' }).toJS()))
    throw new Error('means something else in YAML 1.1')
  return value
}

/**
 * Holds a manifest against the schema of its `apiVersion` and `kind`, as a strict API server does.
 * @returns one sentence for each problem; none when it is fine
 */
export async function manifestProblems(manifest: unknown): Promise<readonly string[]> {
  const { apiVersion, kind } = manifest as { readonly apiVersion?: string; readonly kind?: string } // judged by the schema
  const schema = schemas[`${apiVersion} ${kind}`]
  if (schema === undefined) return [`no schema for ${apiVersion} ${kind}`]
  return [...invalidValues(manifest, schema), ...(await unknownNames(manifest, schema))]
}

/** Holds a compose file against the schema of the Compose Specification. As `manifestProblems`, for a path. */
export function composeProblems(path: string): readonly string[] {
  const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] })
  const results: readonly LintResult[] = linter.lintFiles([path], false)
  return results
    .flatMap(({ messages }) => messages)
    .filter(({ rule }) => rule === 'invalid-schema' || rule === 'invalid-yaml')
    .map(({ message }) => message)
}

// The package's own types cannot be resolved.
interface LintResult {
  readonly messages: readonly { readonly rule: string; readonly message: string }[]
}

interface Schema {
  /** where its type comes from */
  readonly module: string
  readonly type: string
  /** throws when values are missing or not of the right form */
  readonly validate: (manifest: never) => void
}

// Types, formats, required fields. The validators let unknown names pass.
function invalidValues(manifest: unknown, { validate }: Schema): readonly string[] {
  try {
    validate(manifest as never) // whether it fits is the question
    return []
  } catch (error) {
    return [String(error)]
  }
}

// The same schema as a TypeScript type does know which names there are.
async function unknownNames(manifest: unknown, { module, type }: Schema): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
  symlinkSync(packages, join(folder, 'node_modules'))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: strictly }))
  const value = JSON.stringify(manifest, null, 2)
  writeFileSync(
    join(folder, 'manifest.ts'),
    `import type { ${type} } from '${module}'\nexport const manifest: ${type} = ${value}\n`,
  )
  return new Promise((settle) =>
    execFile(process.execPath, [join(packages, '.bin/tsc'), '-p', folder], (error, stdout) =>
      settle(error === null ? [] : stdout.trim().split('\n')),
    ),
  )
}

const strictly = { noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', target: 'esnext' }

const schemas: Readonly<Record<string, Schema>> = {
  'apps/v1 Deployment': {
    module: 'kubernetes-models/apps/v1',
    type: 'IDeployment',
    validate: (manifest) => new Deployment(manifest).validate(),
  },
  'policy/v1 PodDisruptionBudget': {
    module: 'kubernetes-models/policy/v1',
    type: 'IPodDisruptionBudget',
    validate: (manifest) => new PodDisruptionBudget(manifest).validate(),
  },
  'serving.knative.dev/v1 Service': {
    module: '@kubernetes-models/knative/serving.knative.dev/v1',
    type: 'IService',
    validate: (manifest) => new KnativeService(manifest).validate(),
  },
  'v1 Service': {
    module: 'kubernetes-models/v1',
    type: 'IService',
    validate: (manifest) => new Service(manifest).validate(),
  },
}

const packages = join(import.meta.dirname, '..', '..', 'node_modules')
