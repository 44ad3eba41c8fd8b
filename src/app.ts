// The application: makes its parts from the configuration, starts them and stops them. The parts of jobs are made in appJobs.ts.

import { AppJobs } from './appJobs.ts'
import { toAuthSettings, toTlsSettings, type Config } from './config.ts'
import { Events } from './events.ts'
import { authorizer, type Authorizer } from './http/auth/auth.ts'
import type { EndpointSettings } from './http/functionEndpoint.ts'
import { MetadataServer } from './http/metadataServer.ts'
import { RuntimeSockets } from './http/runtimeApi/sockets.ts'
import type { HttpServer } from './http/server.ts'
import { certificate, type Certificate } from './http/tls.ts'
import type { LanguageName } from './invoker/handler/languages.ts'
import { Invoker } from './invoker/invoker.ts'
import { launcher } from './invoker/launch.ts'
import { Pool } from './invoker/pool.ts'
import { tokenSource, type TokenSource } from './invoker/token/source.ts'
import type { InstanceReport } from './jobs/engine.ts'
import { Metrics } from './metrics.ts'
import {
  toCurlFlags,
  toEndpointSettings,
  toInvokerLimits,
  toLaunchSettings,
  toPoolLimits,
} from './settings.ts'
import { within } from './timeout.ts'

/** What starts and stops with the application. */
interface Part {
  readonly start?: () => void | Promise<void>
  /**
   * May be called twice, or before `start`.
   * @param restMs what is left of the drain timeout
   */
  readonly stop: (restMs: number) => void | Promise<void>
  /** Stops at once; absent: as `stop` does. */
  readonly kill?: () => void | Promise<void>
}

/** A function that can be invoked, with or without a server in front. */
export class App {
  readonly events = new Events()
  readonly invoker: Invoker
  readonly endpoint: EndpointSettings
  readonly #config: Config
  readonly #authorizer: Authorizer
  readonly #certificate: Certificate | undefined
  readonly #runtimeApi: RuntimeSockets
  readonly #pool: Pool
  readonly #jobs: AppJobs
  readonly #metrics: Metrics
  // Each list in the order of its start; `serve` starts both at the same time.
  readonly #serverParts: readonly Part[]
  readonly #functionParts: readonly Part[]
  #server: HttpServer | undefined
  #url: string | undefined
  #listening: Promise<void> = Promise.resolve()
  #stopping = false

  /** @param isTrusted only the operator can invoke the function, as with `fnbox invoke` */
  constructor(config: Config, isTrusted = false) {
    const { options } = config
    this.#config = config
    this.endpoint = toEndpointSettings(config)
    this.#authorizer = authorizer(toAuthSettings(options), this.events)
    this.#certificate = certificate(toTlsSettings(options), this.events)
    const tokens = tokenSource(options, this.events)
    const metadata = tokens && new MetadataServer(tokens)
    this.#runtimeApi = this.#createRuntimeApi()
    this.#pool = this.#createPool(isTrusted, tokens, metadata)
    this.invoker = new Invoker(this.#pool, toInvokerLimits(config), tokens, this.events)
    this.#jobs = new AppJobs(config, this.invoker, () => this.#report(), this.events)
    this.#metrics = new Metrics(this.events, this.invoker, this.#pool)
    this.#serverParts = present([
      this.#authorizer,
      this.#certificate && { stop: this.#certificate.stop }, // starts with the server
      { start: () => this.#listen(), stop: (restMs) => this.#server?.stop(restMs), kill: () => {} },
      { start: () => void this.#jobs.start(), stop: () => this.#jobs.stop(), kill: () => {} },
    ])
    this.#functionParts = present([
      tokens,
      metadata && { start: () => this.#startMetadata(metadata), stop: () => metadata.stop() },
      { stop: () => this.#runtimeApi.stop(), kill: () => this.#runtimeApi.kill() },
      { stop: () => this.invoker.idle(), kill: () => {} },
      { start: () => this.#pool.start(), stop: () => this.#pool.stop(), kill: () => this.#pool.kill() },
    ])
    this.events.once('instance-loaded', (loaded) => this.#announce(loaded))
  }

  /** Loads the function, so that it can be invoked. */
  async start(): Promise<void> {
    await this.#startParts(this.#functionParts)
  }

  /**
   * Loads the function, and listens at the same time.
   * @returns the address as a URL; "" when it was stopped before there was one
   * @throws the system's error when the port cannot be had; the function may have been started
   */
  async serve(): Promise<string> {
    this.#listening = this.#startParts(this.#serverParts)
    await Promise.all([this.#listening, this.start()])
    return this.#url ?? ''
  }

  /** Finishes the calls that are here, refuses new ones, and ends everything (interface.md §6). May be called twice, or before `start`. */
  async stop(): Promise<void> {
    const { 'drain-timeout': drainMs = this.#config.options.timeout } = this.#config.options
    const drained = performance.now() + drainMs
    this.#closeQueues()
    await within(drainMs, this.invoker.idle())
    this.invoker.refuseAll()
    for (const part of this.#inOrderOfStop()) await part.stop(Math.max(0, drained - performance.now()))
    this.events.emit('stopped')
  }

  /** Ends every process now, and refuses the calls that wait. */
  async kill(): Promise<void> {
    this.#closeQueues()
    this.invoker.refuseAll()
    for (const part of this.#inOrderOfStop()) await (part.kill === undefined ? part.stop(0) : part.kill())
  }

  async #startParts(parts: readonly Part[]): Promise<void> {
    for (const part of parts) {
      if (this.#stopping) return
      if (part.start === undefined) continue
      await part.start()
      if (this.#isStopping()) await part.stop(0) // it was still starting when it was to stop
    }
  }

  // The function stops first: its last answers still pass the server.
  #inOrderOfStop(): readonly Part[] {
    return [...this.#serverParts, ...this.#functionParts].toReversed()
  }

  #closeQueues(): void {
    this.#stopping = true
    this.#jobs.drain()
    this.invoker.close()
  }

  // A question, since the answer may change at every wait.
  #isStopping(): boolean {
    return this.#stopping
  }

  async #listen(): Promise<void> {
    const { HttpServer } = await import('./http/server.ts') // after the function's process: the two load side by side
    if (this.#stopping) return
    const { host, port, 'admin-port': adminPort } = this.#config.options
    const settings = { ...this.endpoint, host, port, adminPort }
    this.#server = new HttpServer(this.invoker, settings, {
      authorizer: this.#authorizer,
      certificate: this.#certificate,
      metrics: this.#metrics,
      events: this.events,
      ...this.#jobs.served,
    })
    await this.#certificate?.start() // shown by the servers that exist by now
    if (this.#isStopping()) return
    const addresses = await this.#server.start()
    this.#url = addresses.url
    this.events.emit('listening', addresses)
  }

  // A function can do without the metadata service.
  async #startMetadata(metadata: MetadataServer): Promise<void> {
    const what = 'no metadata service for functions'
    await metadata.start().catch((cause: unknown) => this.events.emit('failure', { what, cause }))
  }

  #createRuntimeApi(): RuntimeSockets {
    const { instances, 'task-result-limit': resultLimit } = this.#config.options
    const hasOneSlot = (): boolean => instances === 1 && this.#pool.slots <= 1
    return new RuntimeSockets(() => this.#jobs.tasks, { resultLimit, hasOneSlot }, this.events)
  }

  #createPool(isTrusted: boolean, tokens?: TokenSource, metadata?: MetadataServer): Pool {
    const { timeout: timeoutMs, 'response-limit': responseLimit } = this.#config.options
    const settings = {
      ...toLaunchSettings(this.#config, isTrusted),
      calls: { timeoutMs, responseLimit, tokens },
      offered: () => metadata?.variables ?? {},
      runtimeApi: (instance: string, language: LanguageName) => this.#runtimeApi.apiOf(instance, language),
    }
    return new Pool(launcher(settings, this.events), toPoolLimits(this.#config), this.events)
  }

  #report(): InstanceReport {
    const { status, reason = 'unknown' } = this.#pool.status
    return { countByState: this.#pool.countByState, failure: status === 'failed' ? reason : undefined }
  }

  // It is ready when it has loaded and, under `serve`, listens.
  #announce({ language, loadMs }: { readonly language: string; readonly loadMs: number }): void {
    const { handler, isScript } = this.#config
    const curlFlags = toCurlFlags(this.#config.options)
    this.#listening.then(
      () => this.events.emit('ready', { handler, isScript, language, loadMs, url: this.#url, curlFlags }),
      () => {}, // `serve` has thrown it
    )
  }
}

function present(parts: readonly (Part | undefined)[]): readonly Part[] {
  return parts.filter((each) => each !== undefined)
}
