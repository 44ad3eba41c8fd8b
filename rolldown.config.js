// The programs as they are shipped: a few files, which load faster than the hundreds that they are made of, and beside them the
// licences of the packages that went in.

import { globSync, readFileSync } from 'node:fs'

export default {
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

function licencesOf(modules) {
  const folders = modules.flatMap((each) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(each)?.[0] ?? [])
  return [...new Set(folders)]
    .toSorted((one, other) => one.localeCompare(other))
    .map(licenceOf)
    .join('\n')
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const texts = globSync(`${folder}/{LICEN[SC]E,licen[sc]e}*`).map((each) => readFileSync(each, 'utf8'))
  return `${name} ${version} (${license})\n\n${texts.join('\n')}\n`
}
