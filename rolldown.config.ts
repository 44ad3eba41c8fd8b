// The programs as they are shipped: a few files, which load faster than the hundreds that they are made of, and beside them the
// licences of the packages that went in.

import { globSync, readFileSync } from 'node:fs'
import type { InputOptions, OutputOptions } from 'rolldown'

const config: InputOptions & { output: OutputOptions } = {
  input: {
    main: 'src/main.ts',
    health: 'src/image/health.ts',
    compile: 'src/image/compile.ts',
    storeThread: 'src/jobs/store/sqlite/thread.ts',
  },
  platform: 'node',
  experimental: { chunkOptimization: false }, // main.js would load half of the program before it turns the compile cache on
  output: {
    dir: 'dist',
    // An ES module gets a built-in module in a wrapper, which reads every property once: at node:http that loads all of
    // undici, at node:fs all streams. `require` reads what is asked for.
    format: 'cjs',
    comments: { jsdoc: false, legal: false }, // LICENSES.txt has the licences
    cleanDir: true,
  },
  plugins: [
    {
      name: 'ascii', // one character beyond Latin-1, and V8 holds the whole file in twice the memory
      generateBundle(_, bundle) {
        for (const each of Object.values(bundle)) if (each.type === 'chunk') each.code = toAscii(each.code)
      },
    },
    {
      name: 'companions',
      generateBundle() {
        this.emitFile({
          type: 'asset',
          fileName: 'LICENSES.txt',
          source: licencesOf([...this.getModuleIds()]),
        })
        this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' })
      },
    },
  ],
}

export default config

// Escapes mean the same in strings, templates, regular expressions and names, which is where such characters are; only
// behind a backslash they do not.
function toAscii(code: string): string {
  return code.replaceAll(beyondAscii, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

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

// eslint-disable-next-line no-control-regex
const beyondAscii = /(?<!\\)[^\x00-\x7f]/g
