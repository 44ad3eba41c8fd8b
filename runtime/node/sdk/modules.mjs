// Which modules a program finds under the name of this package where it is not installed (jobs.md W-4, tasks.md §11).

import { registerHooks } from 'node:module'

/**
 * Offers them to all modules of this process, ES modules and CommonJS alike. Nothing is loaded before somebody asks.
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
      } catch (error) {
        if (notFound.has(/** @type {NodeJS.ErrnoException} */ (error).code ?? ''))
          return { url, shortCircuit: true }
        throw withHint(/** @type {Error} */ (error)) // the resolver throws nothing else
      }
    },
  })
}

// jobs.md W-4
/** @param {Error} error */
function withHint(error) {
  error.message += ' (start with --sdk bundled, which hides the installed package fnbox)'
  return error
}

/** @type {Readonly<Record<string, string>>} */
const bundled = Object.assign(Object.create(null), {
  'fnbox/serverless': new URL('serverless.mjs', import.meta.url).href,
  'fnbox/tasks': new URL('tasks.mjs', import.meta.url).href,
})

const notFound = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])
