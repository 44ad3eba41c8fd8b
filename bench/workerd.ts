// Cloudflare's workerd: its program, and a configuration for the worker of peers/worker.mjs.

import { cpSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { newFolder } from './folders.ts'

/** An installed workerd with its configuration. */
export interface Workerd {
  readonly program: string
  /** absolute path of the configuration file */
  readonly config: string
}

/** Writes the configuration into a new folder; undefined where workerd is not installed. */
export function workerdHere(): Workerd | undefined {
  const found = findPackage()
  if (found === undefined) return undefined
  const folder = newFolder()
  for (const each of Object.keys(modules)) cpSync(join(import.meta.dirname, each), join(folder, each))
  const config = join(folder, 'config.capnp')
  writeFileSync(config, toConfig(found.compatibilityDate))
  return { program: found.default, config }
}

/** Options that serve the worker on a port of the loopback interface. */
export function workerdArgs({ config }: Workerd, port: number): readonly string[] {
  return ['serve', config, '--socket-addr', `http=127.0.0.1:${port}`]
}

interface Package {
  /** absolute path of the program for this platform */
  readonly default: string
  /** the latest date that this version knows */
  readonly compatibilityDate: string
}

// The package throws when it has no program for this platform.
function findPackage(): Package | undefined {
  try {
    return createRequire(import.meta.url)('workerd') as Package // it has no types
  } catch {
    return undefined
  }
}

// Paths of modules are relative to the configuration file, and so is what they import.
function toConfig(compatibilityDate: string): string {
  const list = Object.entries(modules).map(([path, kind]) => `(name = "${path}", ${kind} = embed "${path}")`)
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [${list.join(', ')}],
  compatibilityDate = "${compatibilityDate}",
);
`
}

// The first one is the worker.
const modules = { 'peers/worker.mjs': 'esModule', 'functions/node/work.js': 'commonJsModule' }
