import { expect, it } from 'vitest'
import { App } from '../src/app.ts'
import { readConfig } from './harness/config.ts'
import { functionsIn } from './harness/serving.ts'

it('the process of the function is started before anything else is waited for or loaded', async () => {
  const app = new App(readConfig('echo.handler', { root: functionsIn('node'), port: '0' }, {}))
  const started: string[] = []
  app.events.on('instance-started', ({ instance }) => started.push(instance))
  const serving = app.serve()
  expect(started).toEqual(['i-1'])
  expect(await serving).toMatch(/^http:/)
  await app.stop()
})
