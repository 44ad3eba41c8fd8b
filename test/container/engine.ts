// The container engine that the tests use: docker, or whoever has its command line.

import { execFile, execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The project's own folder, which the images are built from. */
export const project = join(import.meta.dirname, '..', '..')

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Which engine there is: CONTAINER_ENGINE, else the first that is at work on this machine; undefined when there is none. */
export function findEngine(): string | undefined {
  const found = process.env['CONTAINER_ENGINE'] ?? ['docker', 'podman'].find(works)
  if (found !== undefined) process.env['CONTAINER_ENGINE'] = found // asked once for all
  return found
}

/** Runs a command of the engine to its end, however that is. */
export function tryEngine(...args: readonly string[]): Promise<Ended> {
  return new Promise((settle) => {
    const env = { BUILDAH_LAYERS: 'true', ...process.env } // podman keeps layers only when asked, docker always does
    const options = { cwd: tmpdir(), env, maxBuffer: 64 * 1024 ** 2 } // podman writes files where it stands
    execFile(findEngine() ?? 'docker', args, options, (error, stdout, stderr) =>
      settle({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    )
  })
}

/**
 * Runs a command of the engine that has to succeed.
 * @returns its standard output without the last line break
 */
export async function engine(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tryEngine(...args)
  if (code !== 0)
    throw new Error(`${args.join(' ')}: exit code ${code}\n${stdout.slice(-2000)}${stderr.slice(-4000)}`)
  return stdout.trimEnd()
}

/** What marks the containers of this run. */
export function testLabel(): string {
  const run = (process.env['FNBOX_TEST_RUN'] ??= String(process.pid))
  return `fnbox.test=${run}`
}

/** What an image says of itself, as far as the tests want to know. */
export interface ImageInfo {
  /** bytes, with what it is built from */
  readonly size: number
  readonly config: ImageConfig
}

interface ImageConfig {
  readonly User: string
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly ExposedPorts: Readonly<Record<string, object>>
  readonly Volumes: Readonly<Record<string, object>>
  readonly Labels: Readonly<Record<string, string>>
  readonly Env: readonly string[]
  readonly Healthcheck: { readonly Test: readonly string[]; readonly Timeout: number }
}

/** Reads the configuration of an image. */
export async function inspectImage(image: string): Promise<ImageInfo> {
  const [info] = JSON.parse(await engine('image', 'inspect', image)) as readonly [Inspected] // docker's and podman's format
  const health = info.Config.Healthcheck ?? info.Healthcheck // podman has it beside the rest
  return {
    size: info.Size,
    config: { ...info.Config, ...(health && { Healthcheck: health }) } as ImageConfig,
  } // every image of ours has one
}

interface Inspected {
  readonly Size: number
  readonly Config: Omit<ImageConfig, 'Healthcheck'> & Partial<Pick<ImageConfig, 'Healthcheck'>>
  readonly Healthcheck?: ImageConfig['Healthcheck']
}

/**
 * The command of the image's health check, made ready for `exec`.
 * @throws when it is none that a container without a shell can run
 */
export async function healthCommand(image: string): Promise<readonly string[]> {
  const { config } = await inspectImage(image)
  const [kind, ...command] = config.Healthcheck.Test
  if (kind !== 'CMD') throw new Error(`the health check of ${image} is a ${kind}`)
  return command
}

function works(command: string): boolean {
  try {
    execFileSync(command, ['info'], { stdio: 'ignore', timeout: 10_000 })
    return true
  } catch {
    return false
  }
}
