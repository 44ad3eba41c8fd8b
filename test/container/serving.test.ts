import { describe, expect, it } from 'vitest'
import { code, hardened, serve } from './containers.ts'

interface Surroundings {
  readonly environment: Readonly<Record<string, string>>
  readonly folder: string
  readonly user: number
  readonly group: number
}

const functions = [
  ['node', 'fnbox:node', 'surroundings.handler'],
  ['python', 'fnbox:python', 'surroundings.handler'],
  ['node', 'fnbox:full', 'surroundings.handler'],
  ['python', 'fnbox:full', 'surroundings.handler'],
  ['bash', 'fnbox:full', 'surroundings.sh'],
] as const

const users = [
  ['user 65532', [], 65532, 65532],
  ['any other user', ['--user', '12345:0'], 12345, 0],
] as const

describe.each(functions)('a %s function in %s', (language, image, handler) => {
  it.each(users)('is served with everything taken away, as %s', async (_, flags, user, group) => {
    await using container = await serve(image, {
      args: [handler],
      flags: [...hardened, ...flags, '--memory', '128m', ...code('test', 'functions', language)],
    })
    const answer = await container.call({})
    expect(answer.status).toBe(200)
    const { environment, ...rest } = (await answer.json()) as Surroundings // of the function of that name
    expect(rest).toEqual({ folder: '/function/code', user, group })
    const searched = (await container.exec('printenv', 'PATH')).stdout.trim()
    expect(environment).toMatchObject({
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: '/function/code',
      LAMBDA_RUNTIME_DIR: '/function/runtime',
      AWS_LAMBDA_RUNTIME_API: '169.254.169.254',
      PATH: `/function/code:/function/runtime/bin:/function/runtime:${searched}`,
      LD_LIBRARY_PATH: '/function/code/shared-libs:/function/runtime/shared-libs',
      X_YCF_MEMORY_SIZE: String(128 * 1024 ** 2),
      X_YCF_CONCURRENCY: '1',
      HOME: '/tmp',
      PWD: '/function/code',
      ...(language === 'node' ? { NODE_ENV: 'production' } : {}),
    })
    const ours = Object.keys(environment).filter((name) => name.startsWith('FNBOX_') || name === 'PORT')
    expect(ours).toEqual(['FNBOX_RUNTIME_API'])
  })
})
