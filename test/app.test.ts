import { describe, expect, it } from 'vitest'
import { App } from '../src/app.ts'
import { readConfig } from './harness/config.ts'
import { functionsIn } from './harness/serving.ts'

function makeApp(): { readonly app: App; readonly events: string[] } {
  const app = new App(readConfig('echo.handler', { root: functionsIn('node'), port: '0' }, {}))
  const events: string[] = []
  for (const name of ['instance-started', 'listening', 'instance-gone', 'stopped'] as const)
    app.events.on(name, () => events.push(name))
  return { app, events }
}

describe('the application', () => {
  it('starts the process of the function before it loads the server', async () => {
    const { app, events } = makeApp()
    const serving = app.serve()
    expect(events).toEqual(['instance-started'])
    expect(await serving).toMatch(/^http:/)
    await app.stop()
    expect(events).toEqual(['instance-started', 'listening', 'instance-gone', 'stopped'])
  })

  it('starts nothing after a stop', async () => {
    const { app, events } = makeApp()
    await app.stop()
    expect(await app.serve()).toBe('')
    expect(events).toEqual(['stopped'])
  })

  it('does not listen when it is stopped while the server loads', async () => {
    const { app, events } = makeApp()
    const serving = app.serve()
    await Promise.all([app.stop(), app.stop()])
    expect(await serving).toBe('')
    expect(events).toEqual(['instance-started', 'instance-gone', 'stopped', 'stopped'])
  })
})
