// A page of documentation as its reader uses it. Code blocks whose info string has a file name are written, those of type
// `console` are run: what follows `$ ` is a command, the other lines are what it prints.

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export const project = join(import.meta.dirname, '..', '..')

/** A code block: its language, what else its info string says, and its text. */
export interface Block {
  readonly language: string
  readonly info: string
  readonly text: string
}

/** The code blocks of a page, in order. @param path from the project's root */
export function blocksOf(path: string): readonly Block[] {
  const text = readFileSync(join(project, path), 'utf8')
  return [...text.matchAll(/^```(\w+)(?: (.+))?\n([^]*?)^```$/gm)].map(
    ([, language = '', info = '', block = '']) => ({ language, info, text: block }),
  )
}

/** Whether a block is a file of the reader's project. */
export function isFile({ info }: Block): boolean {
  return /^[\w./-]+$/.test(info)
}

/** A command, and the lines that it prints. */
interface Step {
  readonly command: string
  readonly printed: readonly string[]
}

/** Does what a page says, from its first block to its last, in an empty folder. */
export class Reader implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'fnbox-docs-'))
  readonly #values = new Map<string, string>()
  #server: ChildProcess | undefined
  #url = ''

  /** Writes the file, or runs the commands. @throws Error that says what was printed instead */
  async follow(block: Block): Promise<void> {
    if (isFile(block)) return this.#write(block)
    for (const step of stepsOf(block.text)) {
      if (isServer(step.command)) await this.#serve(step)
      else compare(step, await this.#run(step.command), this.#values)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop()
  }

  #write({ info, text }: Block): void {
    const path = join(this.#folder, info)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  // A page that serves another function has stopped the one before.
  async #serve(step: Step): Promise<void> {
    await this.#stop()
    this.#values.clear()
    const server = this.#spawn(step.command)
    this.#server = server
    let output = ''
    this.#url = await new Promise<string>((settle, fail) => {
      const read = (bytes: Buffer): void => {
        output += bytes.toString()
        const url = /ready: .* at (https?:\/\/[^/\s]+)\//.exec(output)?.[1]
        if (url !== undefined) settle(url)
      }
      server.stdout?.on('data', read)
      server.stderr?.on('data', read)
      server.on('exit', () => fail(new Error(`${step.command} has ended:\n${output}`)))
    })
    for (const line of step.printed)
      if (!new RegExp(`^${toPattern(this.#here(line), new Map())}`, 'm').test(output))
        throw new Error(`${step.command} does not print ${line}:\n${output}`)
  }

  async #run(command: string): Promise<string> {
    const program = this.#spawn(this.#here(command))
    let output = ''
    program.stdout?.on('data', (bytes: Buffer) => (output += bytes.toString()))
    program.stderr?.on('data', (bytes: Buffer) => (output += bytes.toString()))
    await new Promise((settle) => program.on('close', settle))
    return output
  }

  #spawn(command: string): ChildProcess {
    // The packages of a clone are there already.
    const here = command.replace('npm ci && ', '')
    return spawn('sh', ['-c', `${shim}\n${here}`], {
      cwd: here.startsWith('npm ') ? project : this.#folder,
      env: {
        ...process.env,
        PORT: '0',
        FNBOX_LOG_FORMAT: 'text',
        FNBOX_DATA_DIR: join(this.#folder, '.fnbox'),
      },
      detached: true,
    })
  }

  async #stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server?.pid === undefined || server.exitCode !== null) return
    const ended = new Promise((settle) => server.once('close', settle))
    process.kill(-server.pid, 'SIGTERM')
    await ended
  }

  // What the page shows with a port and ids of its own, as it is in this run.
  #here(text: string): string {
    let here = text.replaceAll('http://127.0.0.1:8080', this.#url)
    for (const [name, value] of this.#values) here = here.replaceAll(name, value)
    return here
  }
}

function stepsOf(text: string): readonly Step[] {
  const [, ...parts] = `\n${text.trimEnd()}`.split('\n$ ')
  return parts.map((part) => {
    const [command = '', ...printed] = part.replaceAll('\\\n', '').split('\n')
    return { command, printed }
  })
}

// `…` stands for anything on its line, a line of it for any lines, and the first ID for what is called ID from then on.
function compare({ command, printed }: Step, output: string, values: Map<string, string>): void {
  const pattern = printed.map((line) => (line === '…' ? '[^]*?' : toPattern(line, values))).join('\\n')
  const found = new RegExp(`^${pattern}\\s*$`).exec(output.replaceAll('\r', ''))
  if (found === null) throw new Error(`${command} prints\n${output}\nand not\n${printed.join('\n')}`)
  for (const [name, value] of Object.entries(found.groups ?? {})) values.set(name, value)
}

function toPattern(line: string, values: ReadonlyMap<string, string>): string {
  let id = values.get('ID')
  const parts = line.split(/(…|\bID\b)/).map((part) => {
    if (part === '…') return '.*'
    if (part !== 'ID') return RegExp.escape(part)
    if (id !== undefined) return id
    id = '\\k<ID>'
    return '(?<ID>[\\w-]+)'
  })
  return parts.join('')
}

function isServer(command: string): boolean {
  return (
    /^(?:npm ci && |\w+=\S+ )?(?:npm start|fnbox)\b/.test(command) &&
    !/\b(?:invoke|check|help)\b|--help|--version/.test(command)
  )
}

// fnbox as it is called once it is installed, and curl as on a terminal.
const shim = `fnbox() { node ${join(project, 'src', 'main.ts')} "$@"; }
curl() { command curl --no-progress-meter "$@"; }`
