// How an outcome ends a job: state, output and error text (jobs.md §10.4, §10.5, FN-2, DUR-5). Pure.

import type { Fault } from '../../errors.ts'
import { describeExit, type Exit } from '../../exit.ts'
import { parseJson } from '../../json/json.ts'
import type { LanguageName } from '../../invoker/handler/languages.ts'
import type { Outcome } from '../../invocation.ts'
import type { UserError } from '../../wire/frames.ts'
import type { AttemptEnd } from '../model/store.ts'

/** What is known of the function that runs the jobs. */
export interface ResultTerms {
  /** a script interprets what its handler gives by itself; the result of a function is the output (jobs.md FN-2) */
  readonly isScript: boolean
  readonly language: LanguageName | undefined
  /** the user's variables: RUNPOD_POD_HOSTNAME and RUNPOD_POD_ID (jobs.md W-10) */
  readonly environment: Readonly<Record<string, string>>
}

/** The end of an attempt that the handler, or its process, has come to by itself. */
export function toEnd(
  outcome: Outcome,
  terms: ResultTerms,
  instance: string,
): Omit<AttemptEnd, 'executionMs'> {
  switch (outcome.type) {
    case 'returned':
      return outcome.error === undefined
        ? { state: 'COMPLETED', ...toOutput(outcome.json, terms) }
        : {
            state: 'FAILED',
            error: outcome.error,
            ...(outcome.json === undefined ? {} : { output: outcome.json }),
          }
    case 'streamed':
      if (outcome.error !== undefined) return { state: 'FAILED', error: outcome.error }
      return {
        state: 'COMPLETED',
        output: outcome.aggregate === true || !terms.isScript ? 'chunks' : emptyList,
      }
    case 'threw':
      return { state: 'FAILED', error: toErrorText(outcome.error, terms, instance) }
    case 'failed':
      return { state: 'FAILED', error: toFaultText(outcome.fault, outcome.exit, terms, instance) }
    default:
      return outcome satisfies never
  }
}

function toOutput(
  json: Buffer | undefined,
  { isScript, language }: ResultTerms,
): { readonly output?: Buffer } {
  if (isScript) return json === undefined ? {} : { output: json }
  if (json === undefined) return { output: Buffer.from('null') } // jobs.md NODE-5
  return { output: language === 'bash' ? asJson(json) : json }
}

// A script of Bash prints what it likes.
function asJson(printed: Buffer): Buffer {
  const text = printed.toString()
  return parseJson(text) === undefined ? Buffer.from(JSON.stringify(text)) : printed
}

// jobs.md W-10, NODE-6, FN-2
function toErrorText(error: UserError, { language, environment }: ResultTerms, instance: string): string {
  if (language === 'bash') return JSON.stringify(error)
  const { errorType, errorMessage, stackTrace = [] } = error
  return JSON.stringify({
    error_type: language === 'python' ? `<class '${errorType}'>` : errorType,
    error_message: errorMessage,
    error_traceback: stackTrace.map(asLine).join(language === 'python' ? '' : '\n'),
    hostname: environment['RUNPOD_POD_HOSTNAME'] ?? 'unknown',
    worker_id: environment['RUNPOD_POD_ID'] ?? instance,
    runpod_version: runpodVersion,
  })
}

function asLine(frame: unknown): string {
  return typeof frame === 'string' ? frame : JSON.stringify(frame)
}

function toFaultText(fault: Fault, exit: Exit | undefined, terms: ResultTerms, instance: string): string {
  if (fault.code === 'load_failed' || fault.code === 'load_timeout') {
    const { stackTrace } = fault.body
    const error = {
      errorType: fault.errorType,
      errorMessage: fault.message,
      ...(stackTrace && { stackTrace }),
    }
    return toErrorText(error, terms, instance)
  }
  if (fault.code !== 'process_exit' || exit === undefined) return fault.message
  switch (exit.type) {
    case 'exited':
      return `process exited with code ${exit.code} before the job finished`
    case 'signalled':
      return `process was killed by ${exit.signal} before the job finished`
    case 'unstartable':
      return describeExit(exit)
    default:
      return exit satisfies never
  }
}

const emptyList = Buffer.from('[]')

// The level that the bundled modules are compatible with (jobs.md W-5).
const runpodVersion = '1.12.0'
