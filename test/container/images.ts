// Builds the images once for the whole run, and removes those that were not there before.

import { engine, findEngine, project, testLabel, tryEngine } from './engine.ts'

/** The images to build functions from, named as the examples name them. */
export const bases = ['fnbox:node', 'fnbox:python', 'fnbox:full'] as const

/** Vitest's global set-up. */
export default async function buildImages(): Promise<(() => Promise<void>) | undefined> {
  if (findEngine() === undefined) {
    if (process.env['CI'] !== undefined) throw new Error('no container engine, which CI must have')
    console.log(
      'No container engine: docker and podman do not work here. Set CONTAINER_ENGINE, or start one.',
    )
    return undefined
  }
  const mark = testLabel() // the workers inherit it
  const removals: (() => Promise<void>)[] = []
  for (const image of bases)
    removals.push(await build(image, '--target', image.slice('fnbox:'.length), project))
  return async () => {
    // A test that has run out of time disposes of nothing.
    const left = await engine('ps', '--all', '--quiet', '--filter', `label=${mark}`)
    if (left !== '') await engine('rm', '--force', '--volumes', ...left.split('\n'))
    for (const remove of removals) await remove()
  }
}

/**
 * Builds an image.
 * @returns what removes it again, unless there was one of that name before
 */
export async function build(image: string, ...args: readonly string[]): Promise<() => Promise<void>> {
  const isNew = (await tryEngine('image', 'inspect', image)).code !== 0
  await engine('build', '--tag', image, ...args)
  return async () => void (isNew && (await tryEngine('rmi', '--force', image)))
}
