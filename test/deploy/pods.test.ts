import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IService as KnativeService } from '@kubernetes-models/knative/serving.knative.dev/v1'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1'
import type { IContainer, IPodSpec, IService } from 'kubernetes-models/v1'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/config.ts'
import { readConfig } from '../harness/config.ts'
import { options } from '../../src/options.ts'
import { readYaml } from '../harness/manifests.ts'
import { start } from '../harness/program.ts'

const project = join(import.meta.dirname, '..', '..')

// Each fits its type: manifests.test.ts holds them against their schemas.
const knative = readYaml(join(project, 'deploy/knative/service.yaml')) as KnativeService
const deployment = readYaml(join(project, 'deploy/kubernetes/deployment.yaml')) as IDeployment
const service = readYaml(join(project, 'deploy/kubernetes/service.yaml')) as IService
const budget = readYaml(join(project, 'deploy/kubernetes/disruption-budget.yaml')) as IPodDisruptionBudget

const keys = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'keys')
writeFileSync(keys, 'a key\n')

const revision = present(knative.spec?.template?.spec)
const pods: readonly (readonly [place: string, pod: IPodSpec])[] = [
  ['Knative', revision],
  ['Kubernetes', present(deployment.spec?.template.spec)],
]

describe.each(pods)('a pod on %s', (place, pod) => {
  const [container] = pod.containers as [IContainer]
  const environment = environmentOf(container)
  const { options: settings } = configOf(container)

  it('has only variables that fnbox knows', () => {
    const known = new Set<string>(Object.values(options).map(({ env }) => env))
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([])
  })

  it('names its handler by the arguments, and leaves the entrypoint to the image', () => {
    expect([container.command, container.args]).toEqual([undefined, ['index.handler']])
  })

  it('needs no rights', () => {
    expect({ ...pod.securityContext, ...container.securityContext }).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    })
  })

  it('writes to volumes with a limit only, and mounts each of them', () => {
    const mounts = new Map(container.volumeMounts?.map(({ mountPath, name }) => [mountPath, name]))
    const volumes = new Map(pod.volumes?.map((volume) => [volume.name, volume]))
    for (const path of ['/tmp', '/var/lib/fnbox'])
      expect(volumes.get(mounts.get(path) ?? '')?.emptyDir?.sizeLimit).toMatch(/^\d+[MG]i$/)
    expect([...mounts.values()].toSorted()).toEqual([...volumes.keys()].toSorted())
  })

  it('has memory for fnbox, and for every instance what it may take', () => {
    const limit = Number.parseInt(String(container.resources?.limits?.['memory']), 10)
    const inMegabytes = (settings.memory ?? Number.NaN) / 1024 ** 2
    expect(container.resources?.limits?.['memory']).toBe(`${limit}Mi`)
    expect(limit).toBeGreaterThanOrEqual(128 + settings.instances * inMegabytes)
    expect(container.resources?.requests?.['memory']).toBe(`${limit}Mi`)
  })

  it('drains until the last call that waits has had its time', () => {
    expect(settings['drain-timeout']).toBeGreaterThanOrEqual(settings['queue-timeout'] + settings.timeout)
  })

  it('has a grace period for the notice, the drain, the end of the instances and 5 s more', () => {
    const notice = container.lifecycle?.preStop?.sleep?.seconds ?? 0
    const grace = place === 'Knative' ? revision.timeoutSeconds : pod.terminationGracePeriodSeconds
    expect(grace).toBeGreaterThanOrEqual(notice + (settings['drain-timeout'] ?? Infinity) / 1000 + 2 + 5)
  })

  it('is never ended for being busy: a minute without an answer is what it takes', () => {
    const { periodSeconds = 10, failureThreshold = 3, httpGet } = container.livenessProbe ?? {}
    expect([httpGet?.path, periodSeconds * failureThreshold]).toEqual(['/_/healthz', 60])
    expect(container.readinessProbe?.httpGet?.path).toBe('/_/readyz')
  })

  it('is asked at routes and ports that a server with its settings has', async () => {
    const hasAdmin = 'FNBOX_ADMIN_PORT' in environment
    const free = { PORT: '0', ...(hasAdmin ? { FNBOX_ADMIN_PORT: '0' } : {}) }
    await using program = start(container.args ?? [], { ...environmentHere(container), ...free })
    const url = String((await program.line('ready'))['url'])
    const adminUrl = hasAdmin ? String((await program.line('probes at'))['url']) : ''
    const serverAt = new Map([
      [settings.port, url],
      [settings['admin-port'], adminUrl],
    ])
    const { startupProbe, readinessProbe, livenessProbe } = container
    // Its manifest says why Knative has none of the start.
    const probes = [readinessProbe, livenessProbe, ...(place === 'Knative' ? [] : [startupProbe])]
    for (const probe of probes) {
      const { path, port } = present(present(probe).httpGet)
      const server = present(serverAt.get(portOf(container, port)))
      expect((await request(server).get((path ?? '').slice(1))).status).toBe(200)
    }
  })
})

describe('Knative', () => {
  const { options: settings } = configOf(present(revision.containers[0]))

  it('sends a pod as many calls at a time as its instances take (X-8)', () => {
    expect(revision.containerConcurrency).toBe(settings.instances * settings.concurrency)
  })

  it('waits for a pod to start, for an instance and for the function', () => {
    const podStart = 20_000
    const longest = settings.timeout + settings['queue-timeout'] + podStart
    expect((revision.timeoutSeconds ?? 0) * 1000).toBeGreaterThanOrEqual(longest)
  })

  // Fields that it knows but refuses unless a feature flag is set.
  it('is asked for nothing that it refuses by default', () => {
    const refused = [
      'securityContext',
      'terminationGracePeriodSeconds',
      'automountServiceAccountToken',
      'initContainers',
    ]
    expect(refused.filter((name) => name in revision)).toEqual([])
    const [container] = revision.containers as [IContainer]
    expect([container.lifecycle, container.ports?.length]).toEqual([undefined, 1])
    expect(environmentOf(container)).not.toHaveProperty('PORT')
  })
})

describe('Kubernetes', () => {
  const template = present(deployment.spec?.template)
  const [container] = present(template.spec).containers as [IContainer]

  it('finds the pods by labels that they have', () => {
    const labels = template.metadata?.labels
    expect(deployment.spec?.selector.matchLabels).toEqual(labels)
    expect(service.spec?.selector).toEqual(labels)
    expect(budget.spec?.selector?.matchLabels).toEqual(labels)
  })

  it('opens the function to callers, not the admin port', () => {
    expect(service.spec?.ports?.map(({ targetPort }) => targetPort)).toEqual(['http'])
    expect(portOf(container, 'http')).toBe(configOf(container).options.port)
  })

  it('tells Prometheus where the metrics are', () => {
    expect(template.metadata?.annotations).toMatchObject({
      'prometheus.io/port': environmentOf(container)['FNBOX_ADMIN_PORT'],
      'prometheus.io/path': '/_/metrics',
    })
    expect(portOf(container, 'admin')).toBe(configOf(container).options['admin-port'])
  })

  it('mounts the keys of callers as a folder, so that they are renewed', () => {
    const mount = container.volumeMounts?.find(({ name }) => name === 'auth')
    expect(environmentOf(container)['FNBOX_AUTH_KEYS']).toBe(`${mount?.mountPath}/keys`)
    expect([mount?.readOnly, mount?.subPath]).toEqual([true, undefined])
  })
})

function configOf(container: IContainer): Config {
  return readConfig(container.args?.[0], {}, environmentHere(container))
}

// An example in place of the image's code, a file in place of the mounted Secret.
function environmentHere(container: IContainer): Readonly<Record<string, string>> {
  const environment = environmentOf(container)
  const auth = 'FNBOX_AUTH_KEYS' in environment ? { FNBOX_AUTH_KEYS: keys } : {}
  return { ...environment, ...auth, FNBOX_ROOT: join(project, 'examples/hello-node') }
}

function environmentOf({ env = [] }: IContainer): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map(({ name, value = '' }) => [name, value]))
}

function portOf({ ports = [] }: IContainer, port: number | string): number | undefined {
  return typeof port === 'number' ? port : ports.find(({ name }) => name === port)?.containerPort
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('is missing')
  return value
}
