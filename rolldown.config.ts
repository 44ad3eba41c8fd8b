// The programs as they are shipped: a few files, which load faster than the hundreds that they are made of, and beside them the
// licences of the packages that went in.

import { globSync, readFileSync } from 'node:fs'
import type { InputOptions, OutputOptions } from 'rolldown'

const config: InputOptions & { output: OutputOptions } = {
  input: {
    main: 'src/main.ts',
    health: 'src/image/health.ts',
    compile: 'src/image/compile.ts',
    storeThread: 'src/jobs/store/thread.ts',
  },
  platform: 'node',
  output: { dir: 'dist', format: 'esm', cleanDir: true },
  plugins: [
    {
      name: 'licences',
      generateBundle() {
        this.emitFile({
          type: 'asset',
          fileName: 'LICENSES.txt',
          source: licencesOf([...this.getModuleIds()]),
        })
      },
    },
  ],
}

export default config

function licencesOf(modules: readonly string[]): string {
  const folders = modules.flatMap((each) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(each)?.[0] ?? [])
  return [...new Set(folders)]
    .toSorted((one, other) => one.localeCompare(other))
    .map(licenceOf)
    .join('\n')
}

function licenceOf(folder: string): string {
  const manifest: unknown = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const { name, version, license } = manifest as Record<string, string> // every published package has them
  const texts = globSync(`${folder}/{LICEN[SC]E,licen[sc]e}*`).map((each) => readFileSync(each, 'utf8'))
  return `${name} ${version} (${license})\n\n${texts.join('\n')}\n`
}
