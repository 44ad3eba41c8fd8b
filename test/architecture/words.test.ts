// One word for one meaning, and plain English: the banned words, each with its replacement.

import { describe, expect, it } from 'vitest'
import { finishedFolders, finishedRuntimes, finishedTests } from './folders.ts'
import { sourcesBelow } from './sources.ts'
import { banned, bannedEverywhere, bannedNames, bannedPhrases, used } from './words.ts'

const sources = finishedFolders.flatMap((folder) => sourcesBelow(folder, ['.ts']))
const runtimes = finishedRuntimes.flatMap((folder) => sourcesBelow(folder, ['.mjs', '.py']))
const tests = finishedTests.flatMap((folder) => sourcesBelow(folder, ['.ts']))

describe('the words', () => {
  it.each([...sources, ...runtimes].map(({ path, text }) => [path, text]))(
    'of %s are those of the field',
    (path, text) => {
      const { names, comments, strings } = split(text, path.endsWith('.py') ? python : typescript)
      const found = [
        ...used(names + comments, banned),
        ...used(names, bannedNames),
        ...(path.startsWith('src/') ? used(strings, bannedEverywhere) : []),
        ...Object.entries(bannedPhrases).flatMap(([use, phrase]) =>
          phrase.test(comments) ? [`${phrase.source}: use ${use}`] : [],
        ),
      ]
      expect(found).toEqual([])
    },
  )

  it.each(tests.map(({ path, text }) => [path, text]))(
    'of the titles in %s are those of the field',
    (_, text) => {
      const titles = Array.from(text.matchAll(title), ([, each]) => each)
      expect(used(titles.join(' '), bannedEverywhere)).toEqual([])
    },
  )

  it.each([
    ["const exitPatienceMs = 'nobody'", ['patience'], [], ['nobody']],
    ["// Whoever calls isn't heard\nconst a = /'/ // nobody's", ['whoever', 'nobody'], [], []],
    ['/** Lets go of the family */ `nobody`', ['family'], [], ['nobody']],
    ["events.on('failure', holdAll)", [], ['hold'], []],
  ])('are found in %j', (text, inBoth, inNames, inStrings) => {
    const { names, comments, strings } = split(text, typescript)
    expect(used(names + comments, banned).map(word)).toEqual(inBoth)
    expect(used(names, bannedNames).map(word)).toEqual(inNames)
    expect(used(strings, bannedEverywhere).map(word)).toEqual(inStrings)
  })

  it('are found in comments and names of Python', () => {
    const { names, comments } = split('"""Nobody\'s."""\nseat = "door"  # for whom\n', python)
    expect(used(names + comments, banned).map(word)).toEqual(['seat', 'nobody', 'whom'])
  })
})

function word(finding: string): string | undefined {
  return finding.split(':')[0]
}

interface Parts {
  readonly names: string
  readonly comments: string
  /** names of others, and texts for users */
  readonly strings: string
}

function split(text: string, commentOrString: RegExp): Parts {
  const comments: string[] = []
  const strings: string[] = []
  const names = text.replaceAll(commentOrString, (part) => {
    const parts = /^(?:\/\/|\/\*|#|""")/.test(part) ? comments : strings
    parts.push(part)
    return ' '
  })
  return { names, comments: comments.join(' '), strings: strings.join(' ') }
}

const typescript =
  /\/\/.*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[^])*`|(?<=[=(,:?|&] ?)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g

const python = /#.*|"""[^]*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g

const title = /(?:\b(?:it|test|describe)|[\])])\(\s*['"`]((?:[^'"`\\]|\\.)*)['"`]/g
