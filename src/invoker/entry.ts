// From the handler string to the file and the language that it names (yandex.md §1).

import { statSync } from 'node:fs'
import { isAbsolute, join, normalize } from 'node:path'
import { languageNames, languages, type HandlerName, type LanguageName } from './languages.ts'

/** What a handler string leads to in a code root. */
export type Entry =
  | ({ readonly type: 'found'; readonly language: LanguageName; readonly file: string } & HandlerName)
  /** no entry file (yet); `language` is known only when --runtime says so */
  | { readonly type: 'missing'; readonly language?: LanguageName; readonly tried: readonly string[] }
  /** a configuration problem: no file that appears later can mend it */
  | { readonly type: 'invalid'; readonly problem: string }

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
  const readings = readAs(path, runtime === undefined ? languageNames : [runtime])
  const script = readings.find(isScript)
  const [scriptEntry] = script === undefined ? [] : find(script, root)
  if (scriptEntry !== undefined) return scriptEntry // whatever else the string could mean (yandex.md H-13)
  if (isFile(join(root, path)))
    return invalid(handler, 'is a file; name the function in it as file.handler, without the extension')

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

function isScript({ name }: Reading): boolean {
  return name === ''
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
  return file === undefined ? [] : [{ type: 'found', ...reading, file }]
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
