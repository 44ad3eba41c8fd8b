// One word for one meaning, and plain English: words that names and comments do not use, each with its replacement.

import { describe, expect, it } from 'vitest'
import { finishedFolders } from './folders.ts'
import { sourcesBelow } from './sources.ts'

// In names and comments.
const banned: Readonly<Record<string, string>> = {
  allowance: 'rate limit',
  anybody: 'the name of the component',
  dialect: 'JobKind',
  door: 'endpoint',
  doors: 'endpoints',
  ending: 'outcome',
  families: 'process trees',
  family: 'process tree',
  follower: 'long poll',
  insist: 'retry write',
  mend: 'fix',
  nobody: 'the name of the component',
  occasion: 'context',
  outbox: 'group commit',
  patience: 'timeout, deadline or grace period',
  seat: 'slot',
  seats: 'slots',
  sequel: 'outcome',
  somebody: 'the name of the component',
  survey: 'change feed',
  verdict: 'outcome',
  whatever: 'any, or the name of the thing',
  whoever: 'the name of the component',
  whom: 'the name of the component',
  whomever: 'the name of the component',
}

// In names only: comments may use them as verbs.
const bannedNames: Readonly<Record<string, string>> = {
  bound: 'limit or timeout',
  hold: 'deadline',
  trouble: 'start failures or backoff',
}

const bannedPhrases: Readonly<Record<string, RegExp>> = {
  fail: /\bgiv(?:e|es|en|ing) up\b/i,
  release: /\blet(?:s|ting)? go\b/i,
}

const sources = finishedFolders.flatMap((folder) => sourcesBelow(folder, ['.ts']))

describe('the words', () => {
  it.each(sources.map(({ path, text }) => [path, text]))('of %s are those of the field', (_, text) => {
    const { names, comments } = split(text)
    const found = [
      ...used(names + comments, banned),
      ...used(names, bannedNames),
      ...Object.entries(bannedPhrases).flatMap(([use, phrase]) =>
        phrase.test(comments) ? [`${phrase.source}: use ${use}`] : [],
      ),
    ]
    expect(found).toEqual([])
  })

  it.each([
    ["const exitPatienceMs = 'nobody'", ['patience'], []],
    ["// Whoever calls isn't heard\nconst a = /'/ // nobody's", ['whoever', 'nobody'], []],
    ['/** Lets go of the family */ `nobody`', ['family'], []],
    ["events.on('trouble', holdAll)", [], ['hold']],
  ])('are found in %j', (text, inBoth, inNames) => {
    const { names, comments } = split(text)
    expect(used(names + comments, banned).map(word)).toEqual(inBoth)
    expect(used(names, bannedNames).map(word)).toEqual(inNames)
  })
})

function word(finding: string): string | undefined {
  return finding.split(':')[0]
}

function used(text: string, words: Readonly<Record<string, string>>): readonly string[] {
  const parts = text.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
  const present = new Set(parts.match(/[a-z]+/g))
  return [...present]
    .filter((each) => Object.hasOwn(words, each))
    .map((each) => `${each}: use ${words[each]}`)
}

// Strings are neither: they hold names of others and texts for users.
function split(text: string): { readonly names: string; readonly comments: string } {
  const comments: string[] = []
  const names = text.replaceAll(commentOrString, (part) => {
    if (part.startsWith('//') || part.startsWith('/*')) comments.push(part)
    return ' '
  })
  return { names, comments: comments.join(' ') }
}

const commentOrString =
  /\/\/.*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[^])*`|(?<=[=(,:?|&] ?)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g
