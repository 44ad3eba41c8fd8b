// The servers that are compared: fnbox as it is shipped, with its defaults, and its peers as their own guides start them.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { inImage } from './installation.ts'
import type { Command } from './server.ts'
import { workerdArgs, workerdHere } from './workerd.ts'

/** A server of a function. */
export interface Contender {
  readonly name: string
  readonly command: Command
  /** why it cannot be measured here, and what to do about it */
  readonly missing?: string | undefined
}

/** Functions that all peers serve; `echo` in Node.js only. */
export type FunctionName = 'hello' | 'echo' | 'ticks'

/** Other ways to start fnbox and its peers in Node.js. */
export interface NodeTerms {
  /** what the table calls it */
  readonly name?: string
  /** options of fnbox */
  readonly flags?: readonly string[]
  /** fnbox's main.js */
  readonly main?: string
  /** the node program; by default the one that runs the benchmark */
  readonly node?: string
  /** file that Node.js loads before the server's own program; child processes do not load it */
  readonly preload?: string
  readonly env?: Readonly<Record<string, string>>
}

/** fnbox with a function of bench/functions/node; `handler` as on its command line. */
export function fnbox(handler: string, terms: NodeTerms = {}): Contender {
  return fnboxIn('node', handler, terms)
}

/** fnbox with a function of bench/functions/python, run by the interpreter that runs gunicorn. */
export function fnboxPython(handler: string): Contender {
  return fnboxIn('python', handler, { flags: ['--python', python.interpreter] })
}

/** Google's functions framework, which runs the function in its server's process. */
export function functionsFramework(name: FunctionName, terms: NodeTerms = {}): Contender {
  const main = frameworkMain()
  const source = join(peers, 'functionsFramework.cjs')
  const args = (port: number): readonly string[] => [
    main ?? '',
    `--target=${name}`,
    `--source=${source}`,
    `--port=${port}`,
  ]
  const missing = main === undefined ? 'not there: npm ci' : undefined
  return { name: terms.name ?? 'functions-framework', command: nodeCommand(args, terms), missing }
}

/** Plain Express around the function. */
export function express(name: FunctionName): Contender {
  return { name: 'Express', command: nodeCommand((port) => [join(peers, 'express.mjs'), name, String(port)]) }
}

/** Plain node:http around the function. */
export function nodeHttp(name: FunctionName): Contender {
  return { name: 'node:http', command: nodeCommand((port) => [join(peers, 'http.mjs'), name, String(port)]) }
}

/**
 * node:http in one process, the function in its child process: the floor of two processes.
 * @param ahead calls that are sent ahead of the one that runs
 */
export function relay(ahead: number): Contender {
  const args = (port: number): readonly string[] => [join(peers, 'relay.mjs'), String(port), String(ahead)]
  return { name: ahead === 0 ? 'relay' : `relay, ${ahead} ahead`, command: nodeCommand(args) }
}

/** Cloudflare's workerd with the function as a worker. */
export function workerd(): Contender {
  const here = workerdHere()
  if (here === undefined) return { name: 'workerd', command: nothing, missing: 'not there: npm ci' }
  return { name: 'workerd', command: { program: here.program, args: (port) => workerdArgs(here, port) } }
}

/** The same server with all of its processes on one core. */
export function pinned(contender: Contender, core: number): Contender {
  const { program: own, args } = contender.command
  const onCore = (port: number): readonly string[] => ['-c', String(core), own, ...args(port)]
  return { ...contender, command: { ...contender.command, program: 'taskset', args: onCore } }
}

/** Flask under gunicorn, one worker: `sync`, its default, closes each connection; `gthread` keeps it. */
export function gunicorn(name: Exclude<FunctionName, 'echo'>, worker: 'sync' | 'gthread'): Contender {
  const modules = `${peers},${join(functions, 'python')}`
  const args = (port: number): readonly string[] => {
    const listening = ['--workers=1', `--worker-class=${worker}`, `--bind=127.0.0.1:${port}`]
    return ['-m', 'gunicorn', ...listening, `--pythonpath=${modules}`, `flask_app:${name}`]
  }
  const missing = python.hasPeers ? undefined : 'not there: apt-get install gunicorn python3-flask'
  return { name: `gunicorn + flask, ${worker}`, command: { program: python.interpreter, args }, missing }
}

function fnboxIn(language: 'node' | 'python', handler: string, terms: NodeTerms): Contender {
  const { name = 'fnbox', main = program, flags = [] } = terms
  const root = join(functions, language)
  const args = (port: number): readonly string[] => {
    return [main, '--port', String(port), '--root', root, ...flags, handler]
  }
  return { name, command: nodeCommand(args, terms) }
}

function nodeCommand(args: Command['args'], terms: NodeTerms = {}): Command {
  const { node = process.execPath, preload, env = {} } = terms
  const own = preload === undefined ? [] : ['--require', preload]
  return { program: node, args: (port) => [...own, ...args(port)], env }
}

function frameworkMain(): string | undefined {
  try {
    return join(fileURLToPath(import.meta.resolve('@google-cloud/functions-framework')), '..', 'main.js')
  } catch {
    return undefined
  }
}

// Debian's packages belong to Debian's interpreter.
function findPython(): { readonly interpreter: string; readonly hasPeers: boolean } {
  const interpreter = ['/usr/bin/python3', 'python3'].find(hasPeers)
  return { interpreter: interpreter ?? 'python3', hasPeers: interpreter !== undefined }
}

function hasPeers(interpreter: string): boolean {
  return spawnSync(interpreter, ['-c', 'import gunicorn, flask']).status === 0
}

const nothing: Command = { program: '', args: () => [] }
const python = findPython()
const program = inImage()
const peers = join(import.meta.dirname, 'peers')
const functions = join(import.meta.dirname, 'functions')
