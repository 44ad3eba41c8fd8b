// From spawn to the first answer.

import { hello } from '../calls.ts'
import { contestOfStarts, type Entrant } from '../contest.ts'
import { fnbox, fnboxPython, functionsFramework, gunicorn, type Contender } from '../contenders.ts'
import type { Figure } from '../figure.ts'
import { newFolder } from '../folders.ts'
import { fromNpm } from '../installation.ts'

/** Node.js against the functions framework, Python against gunicorn. */
export async function coldStart(): Promise<readonly Figure[]> {
  const cache = newFolder()
  const node = [
    fnbox('main.hello'),
    functionsFramework('hello'),
    functionsFramework('hello', {
      name: 'functions-framework, compile cache',
      env: { NODE_COMPILE_CACHE: cache },
    }),
    fnbox('main.hello', { name: 'fnbox from npm', main: fromNpm() }),
  ]
  const python = [fnboxPython('main.hello'), gunicorn('hello', 'gthread'), gunicorn('hello', 'sync')]
  return [
    await of('Node.js, ms', node, ['functions-framework'], 1),
    await of('Python, ms', python, ['gunicorn + flask, gthread', 'gunicorn + flask, sync'], 1.2),
  ]
}

async function of(
  name: string,
  contenders: readonly Contender[],
  times: readonly string[],
  target: number,
): Promise<Figure> {
  const entrants = contenders.map((contender): Entrant<'ms'> => {
    return { contender, call: hello, measure: async ({ startMs }) => ({ ms: startMs }) }
  })
  const { ms } = await contestOfStarts(['ms'], entrants, rounds)
  return { name, measured: ms, aims: times.map((each) => ({ sign: '≤', target, times: each })) }
}

const rounds = 5
