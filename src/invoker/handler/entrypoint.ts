// Handler string → the file and the language that it names (yandex.md §1).

import { statSync } from 'node:fs'
import { isAbsolute, join, normalize } from 'node:path'
import { languageNames, languages, type HandlerName, type LanguageName } from './languages.ts'

/** What a handler string names in a code root. */
export type Entry =
  | ({ readonly type: 'found'; readonly language: LanguageName; readonly file: string } & EntryKind &
      HandlerName)
  /** no entry file (yet); `language` is present only when --runtime says so */
  | { readonly type: 'missing'; readonly language?: LanguageName; readonly tried: readonly string[] }
  /** a configuration problem: a file that appears later cannot fix it */
  | { readonly type: 'invalid'; readonly problem: string }

/** What kind of program the entry file is. */
export interface EntryKind {
  /** a program that registers its handler itself (jobs.md §10.1), not a function */
  readonly script: boolean
}

/** Whether a handler string is written like the file of a script (yandex.md H-13). */
export function looksLikeScript(handler: string): boolean {
  return languageNames.some((each) =>
    languages[each].scripts.some((extension) => handler.endsWith(extension)),
  )
}

/**
 * Looks up the entry file of a handler string.
 * @param root absolute path of the code root
 * @param runtime the language when the operator has named it (yandex.md H-14)
 */
export function resolveEntry(handler: string, root: string, runtime?: LanguageName): Entry {
  if (isAbsolute(handler))
    return invalid(handler, 'is an absolute path; name the module relative to the code root')
  const path = handler.replace(/^(?:\.\/)+/, '')
  if (leavesRoot(path)) return invalid(handler, 'leaves the code root')
  const candidates = runtime === undefined ? languageNames : [runtime]
  const readings = readAs(path, candidates)
  if (isFile(join(root, path))) return fileEntry(handler, path, root, candidates) // before any other meaning (yandex.md H-13)
  if (readings.length === 0)
    return invalid(handler, 'does not name a module and a function; write file.handler')
  const found = readings.flatMap((reading) => find(reading, root))
  if (found.length > 1)
    return invalid(
      handler,
      `is ambiguous: ${found.map((each) => each.file).join(' and ')}; name the language with --runtime`,
    )
  return found[0] ?? missing(readings, root, runtime)
}

/** The two halves of a handler string for a language whose entry file was not found: the language itself reports it. */
export function readHandler(handler: string, language: LanguageName): HandlerName | undefined {
  return languages[language].parse(handler.replace(/^(?:\.\/)+/, ''))
}

type Reading = { readonly language: LanguageName } & HandlerName

function fileEntry(handler: string, path: string, root: string, candidates: readonly LanguageName[]): Entry {
  const file = join(root, path)
  const ofLanguage = (part: 'scripts' | 'functions'): LanguageName | undefined =>
    candidates.find((each) => languages[each][part].some((extension) => path.endsWith(extension)))
  const functionLanguage = ofLanguage('functions')
  const language = functionLanguage ?? ofLanguage('scripts')
  if (language === undefined) return invalid(handler, 'is a file that no language here can run')
  return { type: 'found', language, module: path, name: '', file, script: functionLanguage === undefined }
}

function readAs(path: string, candidates: readonly LanguageName[]): readonly Reading[] {
  return candidates.flatMap((language) => {
    const name = languages[language].parse(path)
    return name === undefined ? [] : [{ language, ...name }]
  })
}

function find(reading: Reading, root: string): readonly Extract<Entry, { type: 'found' }>[] {
  const files = languages[reading.language].candidates(reading.module, root).map((each) => join(root, each))
  const file = files.find(isFile)
  return file === undefined ? [] : [{ type: 'found', ...reading, file, script: false }]
}

function missing(readings: readonly Reading[], root: string, language: LanguageName | undefined): Entry {
  const tried = readings.flatMap((each) => languages[each.language].candidates(each.module, root))
  return language === undefined ? { type: 'missing', tried } : { type: 'missing', language, tried }
}

function invalid(handler: string, why: string): Entry {
  return { type: 'invalid', problem: `${JSON.stringify(handler)} ${why}` }
}

function leavesRoot(path: string): boolean {
  return normalize(path).split('/')[0] === '..'
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
