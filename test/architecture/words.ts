// The banned words, each with its replacement: one word for one meaning, and plain English.

export type Words = Readonly<Record<string, string>>

// In names, comments, strings and titles of tests.
export const bannedEverywhere: Words = {
  anybody: 'the name of the component',
  dialect: 'JobKind',
  door: 'endpoint',
  doors: 'endpoints',
  everybody: 'the name of the component',
  nobody: 'the name of the component',
  patience: 'timeout, deadline or grace period',
  seat: 'slot',
  seats: 'slots',
  somebody: 'the name of the component',
  whoever: 'the name of the component',
  whom: 'the name of the component',
  whomever: 'the name of the component',
}

// In names and comments.
export const banned: Words = {
  ...bannedEverywhere,
  allowance: 'rate limit',
  ending: 'outcome',
  families: 'process trees',
  family: 'process tree',
  follower: 'long poll',
  insist: 'retry write',
  mend: 'fix',
  occasion: 'context',
  outbox: 'group commit',
  sequel: 'outcome',
  surroundings: 'environment',
  survey: 'change feed',
  verdict: 'outcome',
  whatever: 'any, or the name of the thing',
}

// In names only: comments may use them as verbs.
export const bannedNames: Words = {
  bound: 'limit or timeout',
  hold: 'deadline',
  moving: 'transition',
  refusal: 'error, or fault; only admission refuses',
  tries: 'attempts',
  trouble: 'failure, or start failures',
  turns: 'queue of readers',
}

export const bannedPhrases: Readonly<Record<string, RegExp>> = {
  fail: /\bgiv(?:e|es|en|ing) up\b/i,
  release: /\blet(?:s|ting)? go\b/i,
}

/** The banned words that a text uses, each with what to write instead. */
export function used(text: string, words: Words): readonly string[] {
  const parts = text.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
  const present = new Set(parts.match(/[a-z]+/g))
  return [...present]
    .filter((each) => Object.hasOwn(words, each))
    .map((each) => `${each}: use ${words[each]}`)
}
