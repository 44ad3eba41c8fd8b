// How long files are, and how much code there is.

import { describe, expect, it } from 'vitest'
import { finishedFolders } from './folders.ts'
import { sourcesBelow, type Source } from './sources.ts'

const supervisor = sourcesBelow('src', ['.ts'])
const runtimes = sourcesBelow('runtime', ['.mjs', '.py'])
const finished = finishedFolders.flatMap((folder) => sourcesBelow(folder, ['.ts']))

// Files whose idea really is alone.
const shortFiles: Readonly<Record<string, string>> = {
  'src/invoker/instanceState.ts': 'the table of states, from which a diagram is drawn',
  'src/invoker/slots.ts': 'what an instance and its calls share',
  'src/image/compile.ts': 'a program of its own',
  'src/main.ts': 'the program: the only home of its process',
  'src/timeout.ts': 'every layer waits with a limit',
  'src/jobs/delivery/receiver.ts': 'what webhooks and queues have in common',
  'src/jobs/kinds/kind.ts': 'the interface of both kinds',
  'src/jobs/store/counters.ts': 'decisions of the store, one file a subject',
  'src/jobs/store/idempotencyKeys.ts': 'decisions of the store, one file a subject',
  'src/jobs/store/sqlite/thread.ts': 'the program of the thread',
  'src/event/faultReply.ts': 'errors as replies, whatever the value of a function makes',
  'src/json/json.ts': 'every folder reads JSON; members and digest serve the jobs API',
}

// Lines of code, comments and blank lines included. `limit` fails the check and falls with the code; `goal` is the plan.
const totals: readonly Total[] = [
  { name: 'the core', goal: 7000, limit: 9000, holds: isCore },
  { name: 'jobs and their HTTP', goal: 5000, limit: 7600, holds: isJobs },
]

interface Total {
  readonly name: string
  readonly goal: number
  readonly limit: number
  readonly holds: (path: string) => boolean
}

function isJobs(path: string): boolean {
  return (
    /^src\/(?:jobs|http\/(?:jobs|tasks|runtimeApi))\//.test(path) ||
    /^src\/(?:appJobs|json\/(?:members|digest)|http\/(?:apiExchange|longPoll|asyncEndpoint))\.ts$/.test(path)
  )
}

// What `serve` needs to answer calls: everything but jobs, tasks and the tools of a developer.
function isCore(path: string): boolean {
  return !isJobs(path) && !/^src\/cli\/(?:samples\/|check\.ts|invoke(?:Http)?\.ts)/.test(path)
}

function linesOf(sources: readonly Source[]): number {
  return sources.reduce((sum, { lines }) => sum + lines, 0)
}

describe('the size', () => {
  it('of every file is at most 300 lines', () => {
    const long = [...supervisor, ...runtimes].filter(({ lines }) => lines > 300)
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([])
  })

  it('of every file in a finished folder is at least 40 lines, or there is a reason', () => {
    const short = finished.filter(({ path, lines }) => lines < 40 && shortFiles[path] === undefined)
    expect(short.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([])
  })

  it.each(totals)('of $name is at most $limit lines', ({ limit, goal, holds }) => {
    expect(linesOf(supervisor.filter(({ path }) => holds(path)))).toBeLessThanOrEqual(limit)
    expect(limit).toBeGreaterThanOrEqual(goal)
  })
})
