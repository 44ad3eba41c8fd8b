// The environment of a function's process (yandex.md §2, interface.md §8).

import { delimiter, join } from 'node:path'
import type { FunctionIdentity } from '../../wire/frames.ts'

/** What the variables are made from. */
export interface EnvironmentSource {
  readonly handler: string
  readonly root: string
  readonly runtimeDir: string
  readonly function: FunctionIdentity
  readonly concurrency: number
  /** variables that the user may override, such as those of the language (yandex.md E-11) */
  readonly defaults: Readonly<Record<string, string>>
  /** the user's own variables, and the container's search paths */
  readonly user: Readonly<Record<string, string>>
  /** address of the instance's own runtime API */
  readonly runtimeApi: string
}

/** Makes the environment; the platform's variables win over the user's of the same name. */
export function functionEnvironment(source: EnvironmentSource): Readonly<Record<string, string>> {
  const { handler, root, runtimeDir, user } = source
  return {
    ...source.defaults,
    ...user,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: root,
    LAMBDA_RUNTIME_DIR: runtimeDir,
    AWS_LAMBDA_RUNTIME_API: '169.254.169.254',
    AWS_LAMBDA_FUNCTION_NAME: source.function.id,
    PATH: before(user['PATH'], root, join(runtimeDir, 'bin'), runtimeDir),
    LD_LIBRARY_PATH: before(
      user['LD_LIBRARY_PATH'],
      join(root, 'shared-libs'),
      join(runtimeDir, 'shared-libs'),
    ),
    X_YCF_MEMORY_SIZE: String(source.function.memoryMb * 1024 ** 2),
    X_YCF_CONCURRENCY: String(source.concurrency),
    HOME: '/tmp',
    PWD: root,
    FNBOX_RUNTIME_API: source.runtimeApi,
  }
}

/** The signal before the end of an instance; undefined when the user wants none (yandex.md E-16). */
export function shutdownNotice(user: Readonly<Record<string, string>>): 'SIGTERM' | 'SIGINT' | undefined {
  if (user['X_YCF_NO_GRACEFUL_SHUTDOWN_SIGNAL'] === '1') return undefined
  return user['X_YCF_GRACEFUL_SHUTDOWN_SIGNAL_SIGINT'] === '1' ? 'SIGINT' : 'SIGTERM'
}

// The dynamic linker reads an empty part as the working directory.
function before(own: string | undefined, ...folders: readonly string[]): string {
  return [...folders, ...(own === undefined || own === '' ? [] : [own])].join(delimiter)
}
