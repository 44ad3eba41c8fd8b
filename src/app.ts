// Constructs things (those of jobs are background.ts), wires them, starts them, and stops them in reverse order.

import { AppJobs } from './appJobs.ts'
import { toAuthSettings, toTlsSettings, type Config } from './config.ts'
import { Events } from './events.ts'
import { authorizer, everyone, type Authorizer } from './http/auth/auth.ts'
import { MetadataServer } from './http/metadataServer.ts'
import type { Exposition } from './http/probes.ts'
import { RuntimeSockets } from './http/runtimeApi/sockets.ts'
import type { HttpServer } from './http/server.ts'
import { certificate, type Certificate } from './http/tls.ts'
import { containerMemory } from './invoker/process/oom.ts'
import { deriveVersion } from './invoker/handler/functionId.ts'
import { Invoker } from './invoker/invoker.ts'
import { launcher } from './invoker/launch.ts'
import { Pool } from './invoker/pool.ts'
import { tokenSource } from './invoker/token/renewal.ts'
import type { InstanceReport } from './jobs/engine.ts'
import type { TokenSource } from './invoker/token/source.ts'
import { Metrics } from './metrics.ts'
import type { EndpointSettings } from './http/functionEndpoint.ts'
import type { FunctionIdentity, TaskEvents } from './wire/frames.ts'
import { within } from './timeout.ts'

/** A function that can be invoked, with or without a server in front. */
export class App {
  readonly events = new Events()
  readonly invoker: Invoker
  /** what the function's door needs to know */
  readonly endpoint: EndpointSettings
  /** who the function is, for its context and its log */
  readonly identity: FunctionIdentity
  readonly #config: Config
  readonly #pool: Pool
  readonly #metrics: Exposition
  readonly #authorizer: Authorizer
  readonly #certificate: Certificate | undefined
  readonly #tokens: TokenSource | undefined
  readonly #metadata: MetadataServer | undefined
  readonly #runtimeApi: RuntimeSockets
  readonly #jobs: AppJobs
  #server: HttpServer | undefined
  #listening: Promise<string | undefined> = Promise.resolve(undefined)
  #stopping = false

  /** @param isTrusted only the operator can invoke the function, as with `fnbox invoke` */
  constructor(config: Config, isTrusted = false) {
    const { options } = config
    const identity = identify(config)
    this.identity = identity
    this.#config = config
    this.#authorizer = authorizer(toAuthSettings(options), this.events)
    this.#certificate = certificate(toTlsSettings(options), this.events)
    this.#tokens = tokenSource(options, this.events)
    this.#metadata = this.#tokens && new MetadataServer(this.#tokens)
    this.#runtimeApi = new RuntimeSockets(
      () => this.#jobs.tasks,
      {
        resultLimit: options['task-result-limit'],
        hasOneSlot: () => options.instances === 1 && this.#pool.slots <= 1,
      },
      this.events,
    )
    const launch = launcher(
      {
        ...config,
        runtime: options.runtime,
        sdk: options.sdk,
        taskEvents: this.#taskEvents(isTrusted),
        python: options.python,
        function: identity,
        concurrency: config.chosen.has('concurrency') ? options.concurrency : undefined,
        initTimeoutMs: initTimeoutMs(config),
        memoryLimit: options.memory,
        calls: {
          timeoutMs: options.timeout,
          responseLimit: options['response-limit'],
          tokens: this.#tokens,
        },
        offered: () => this.#metadata?.variables ?? {},
        runtimeApi: (instance, language) => this.#runtimeApi.apiOf(instance, language),
      },
      this.events,
    )
    const { instances: most, 'min-instances': least, concurrency } = options
    this.#pool = new Pool(launch, { most, least, concurrency, longestIdleMs }, this.events)
    this.invoker = new Invoker(
      this.#pool,
      {
        queue: options.queue,
        queueTimeoutMs: options['queue-timeout'],
        reschedule: options.reschedule,
      },
      this.#tokens,
      this.events,
    )
    this.#jobs = new AppJobs(config, this.invoker, () => this.#report(), this.events)
    this.#metrics = new Metrics(this.events, {
      waiting: () => this.invoker.waiting,
      inFlight: () => this.invoker.inFlight,
      instances: () => this.#pool.census,
      largestMemory: () => this.#pool.largestMemory(),
    })
    this.endpoint = {
      functionId: identity.id,
      functionVersion: identity.version,
      cors: options.cors,
      requestLimit: options['request-limit'],
    }
    this.events.once('instance-loaded', (loaded) => this.#announce(loaded))
  }

  /** Loads the function, so that it can be invoked. */
  async start(): Promise<void> {
    if (this.#tokens !== undefined) await this.#startTokens(this.#tokens) // else the first process starts at once
    if (!this.#isStopping()) this.#pool.start()
  }

  async #startTokens(tokens: TokenSource): Promise<void> {
    await tokens.start()
    if (this.#isStopping()) return
    await this.#metadata
      ?.start()
      .catch((cause) => this.events.emit('trouble', { what: 'no metadata service for functions', cause }))
  }

  /**
   * Loads the function, and listens at the same time.
   * @returns the address as a URL; "" when it was stopped before there was one
   * @throws the system's error when the port cannot be had; the function may have been started
   */
  async serve(): Promise<string> {
    this.#authorizer.start()
    const started = this.start()
    this.#listening = this.#listen()
    const [url = ''] = await Promise.all([this.#listening, started])
    return url
  }

  async #listen(): Promise<string | undefined> {
    const { HttpServer } = await import('./http/server.ts') // after the function's process: the two load side by side
    if (this.#isStopping()) return undefined
    const { host, port, 'admin-port': adminPort } = this.#config.options
    const settings = { ...this.endpoint, host, port, adminPort }
    this.#server = new HttpServer(this.invoker, settings, {
      authorizer: this.#authorizer,
      certificate: this.#certificate,
      metrics: this.#metrics,
      events: this.events,
      ...this.#jobs.served,
    })
    void this.#jobs.start()
    await this.#certificate?.start() // it is shown by the servers that are there by now
    if (this.#isStopping()) return undefined
    const addresses = await this.#server.start()
    this.events.emit('listening', addresses)
    if (this.#isStopping()) await this.#server.stop(0)
    return addresses.url
  }

  /** Finishes what is there, takes nothing new, and ends everything (interface.md §6). May be called twice, or before `start`. */
  async stop(): Promise<void> {
    const { options } = this.#config
    this.#stopping = true
    this.#jobs.drain()
    this.invoker.close()
    const drainMs = options['drain-timeout'] ?? options.timeout
    const drained = performance.now() + drainMs
    await within(drainMs, this.invoker.idle())
    this.invoker.refuseAll()
    await this.#pool.stop()
    await this.invoker.idle()
    await this.#runtimeApi.stop()
    await this.#jobs.stop()
    await this.#server?.stop(Math.max(0, drained - performance.now()))
    this.#stopSources()
    this.events.emit('stopped')
  }

  /** Ends every process now, and refuses who waits. */
  async kill(): Promise<void> {
    this.#stopSources()
    this.#jobs.drain()
    this.invoker.close()
    this.invoker.refuseAll()
    await this.#pool.kill()
    this.#runtimeApi.kill()
  }

  // What asks or watches in the background; each may be stopped twice, or before it was started.
  #stopSources(): void {
    for (const each of [this.#certificate, this.#authorizer, this.#metadata, this.#tokens]) each?.stop()
  }

  // A question, since the answer may change at every wait.
  #isStopping(): boolean {
    return this.#stopping
  }

  #report(): InstanceReport {
    const { status, reason = 'unknown' } = this.#pool.status
    return { census: this.#pool.census, failure: status === 'failed' ? reason : undefined }
  }

  // Ready is who has loaded and, if that was asked for, listens.
  #announce({ language, loadMs }: { readonly language: string; readonly loadMs: number }): void {
    const { handler, isScript } = this.#config
    const curlFlags = this.#curlFlags
    this.#listening.then(
      (url) => this.events.emit('ready', { handler, isScript, language, loadMs, url, curlFlags }),
      () => {}, // `serve` has thrown it
    )
  }

  // tasks.md §9
  #taskEvents(isTrusted: boolean): TaskEvents | undefined {
    switch (this.#config.options['task-events']) {
      case 'on':
        return 'on'
      case 'auto':
        return isTrusted || this.#authorizer !== everyone ? 'imported' : undefined
      case 'off':
        return undefined
    }
  }

  // What curl needs to reach the function, apart from its address.
  get #curlFlags(): string {
    const trust = this.#config.options.tls === undefined ? '' : '--insecure '
    return this.#authorizer === everyone ? trust : `${trust}-H "Authorization: Bearer $KEY" `
  }
}

function identify({ handler, entry, functionId, options }: Config): FunctionIdentity {
  const folderId = options['folder-id']
  return {
    id: functionId,
    version: options['function-version'] ?? deriveVersion(entry, handler),
    ...(folderId === undefined ? {} : { folderId }),
    logGroup: options['log-group'],
    memoryMb: Math.ceil((options.memory ?? containerMemory() ?? reportedMemory) / 1024 ** 2),
  }
}

// A script may load a model (jobs.md LIM-2).
function initTimeoutMs({ options, chosen, isScript, environment }: Config): number {
  if (!isScript || chosen.has('init-timeout')) return options['init-timeout']
  const seconds = Number(environment['RUNPOD_INIT_TIMEOUT'])
  return seconds > 0 && seconds < 2 ** 31 / 1000 ? Math.round(seconds * 1000) : scriptInitTimeoutMs
}

// How long an instance beyond --min-instances may be idle.
const longestIdleMs = 5 * 60_000

const scriptInitTimeoutMs = 7 * 60_000

// What a function is told when nothing is known of its memory (yandex.md L-4).
const reportedMemory = 128 * 1024 ** 2
