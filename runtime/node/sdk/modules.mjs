// The modules that a program finds under the name of this package where it is not installed (jobs.md W-4). Node.js loads this file
// first also in worker threads and processes that a function starts, which find the same (tasks.md W1).

import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/** @type {Readonly<Record<string, string>>} */
const bundled = Object.assign(Object.create(null), {
  'fnbox/serverless': new URL('serverless.mjs', import.meta.url).href,
  'fnbox/tasks': new URL('tasks.mjs', import.meta.url).href,
})

const notFound = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])

/**
 * Offers modules to ES modules and CommonJS of this process. Nothing is loaded before it is imported.
 * @param {readonly ('fnbox/serverless' | 'fnbox/tasks')[]} names
 * @param {'auto' | 'bundled'} sdk `bundled`: also where the package is installed
 */
export function offerModules(names, sdk) {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = names.some((name) => name === specifier) ? bundled[specifier] : undefined
      if (url === undefined) return nextResolve(specifier, context)
      if (sdk === 'bundled') return { url, shortCircuit: true }
      try {
        return nextResolve(specifier, context)
      } catch (thrown) {
        const error = /** @type {NodeJS.ErrnoException} */ (thrown) // the resolver throws nothing else
        if (notFound.has(error.code ?? '')) return { url, shortCircuit: true }
        error.message += ' (start with --sdk bundled, which hides the installed package fnbox)' // jobs.md W-4
        throw error
      }
    },
  })
}

// The instance itself offers them when it knows what it loads.
const isInstance = process.argv[1] === fileURLToPath(new URL('../bootstrap.mjs', import.meta.url))
if (!isInstance) offerModules(['fnbox/serverless', 'fnbox/tasks'], 'auto')
