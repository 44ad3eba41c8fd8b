// Why a function could not be loaded, as every caller is told (yandex.md F-2).

import { Fault } from '../errors.ts'
import type { UserError } from '../wire/frames.ts'

/** The error that the language reports; its type and message stay the language's own (yandex.md H-17). */
export function toLoadFault({ errorMessage, errorType, stackTrace }: UserError): Fault {
  const details = stackTrace === undefined ? { errorType } : { errorType, body: { stackTrace } }
  return new Fault('load_failed', errorMessage, details)
}

/** The same fault, told as one of loading when it is that of a process that died meanwhile. */
export function asLoadFault(fault: Fault): Fault {
  const { code, message: errorMessage, errorType } = fault
  const died = code === 'process_exit' || code === 'out_of_memory'
  return died ? toLoadFault({ errorMessage, errorType }) : fault
}
