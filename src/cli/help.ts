// What --help and --version print. The options come from their table, so that none is forgotten.

import manifest from '../../package.json' with { type: 'json' }
import { triggerNames, triggers } from './samples/samples.ts'
import { options, type OptionGroup, type OptionName } from '../options.ts'

/** All commands and options, by subject. */
export function helpText(): string {
  return [usage, events(), ...(Object.keys(titles) as OptionGroup[]).map(describeGroup), exits].join('\n\n')
}

/** The version of this package. */
export function versionText(): string {
  return manifest.version
}

function events(): string {
  const lines = triggerNames.map((name) => `  ${name.padEnd(26)} ${triggers[name].data}`)
  return ['Events (fnbox invoke --event NAME), and what -d is in each:', ...lines].join('\n')
}

function describeGroup(group: OptionGroup): string {
  const names = (Object.keys(options) as OptionName[]).filter((name) => options[name].group === group)
  return [`${titles[group]}:`, ...names.map(describeOption)].join('\n')
}

function describeOption(name: OptionName): string {
  const { value, env, help } = options[name]
  const flag = value === undefined ? `--${name}` : `--${name} ${value}`
  return `  ${flag.padEnd(26)} ${env.padEnd(24)} ${help}`
}

const titles: Readonly<Record<OptionGroup, string>> = {
  function: 'Function',
  server: 'Server',
  access: 'Access',
  limits: 'Limits',
  scaling: 'Scaling',
  identity: 'Identity',
  token: 'Token',
  jobs: 'Jobs',
  tasks: 'Tasks',
  logs: 'Logs',
}

const usage = `Usage: fnbox [serve] HANDLER [options]     serve a function over HTTP
       fnbox invoke HANDLER [options]      call it once: result on stdout, logs on stderr
       fnbox check HANDLER [options]       load it once and print every problem

HANDLER is file.handler, relative to the code root; FNBOX_HANDLER takes its place.
A flag wins over its environment variable. Durations: 250ms, 10s, 5m, 1h. Sizes: 128MB, 3.5MB or bytes.

Call once (fnbox invoke):
  -d, --data JSON|@FILE|-    the event; with --http the request's body
  --http 'METHOD TARGET'     build the event from a request such as 'POST /?a=1', print the mapped reply
  -H, --header 'Name: value' a header of that request; may be repeated
  --event NAME               make the event of a trigger or gateway around -d; without -d it is a sample`

const exits = `Exit codes: 0 done, 1 the function failed or has problems, 2 it timed out, 64 unusable arguments or
configuration, 69 the port is taken, 70 a bug of fnbox.`
