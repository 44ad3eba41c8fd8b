// What goes wrong with tasks, as programs see it (tasks.md §6).

/** @typedef {import('../tasks.d.mts').AsyncExceptionAttributes} Attributes */

/** A task that failed, or could not be handed over or read. */
export class AsyncException extends Error {
  /**
   * @param {string} [message]
   * @param {Attributes & { cause?: unknown }} [attributes] null unless they apply
   */
  constructor(message = '', attributes = {}) {
    super(message, 'cause' in attributes ? { cause: attributes.cause } : undefined)
    this.code = attributes.code ?? null
    this.responseId = attributes.responseId ?? null
    this.taskPath = attributes.taskPath ?? null
    this.errorType = attributes.errorType ?? null
    this.errorMessage = attributes.errorMessage ?? null
    this.attempts = attributes.attempts ?? null
  }
}

/** JSON cannot hold arguments, a result or a progress value; `cause` is the error of JSON itself (tasks.md E2). */
export class AsyncSerializationError extends AsyncException {}

// Not a member of each error, where it would be printed once more.
for (const each of [AsyncException, AsyncSerializationError])
  Object.defineProperty(each.prototype, 'name', { value: each.name, writable: true, configurable: true })

/**
 * A function that is no task for whoever names it (tasks.md X1 to X4).
 * @param {string} message
 */
export function notAllowed(message) {
  return new AsyncException(message, { code: 'not_allowed' })
}

/** There is no such module, or no such function in it (tasks.md A5, L5); the `cause` is what programs see. */
export class NotFound extends Error {
  /** @param {Error} cause */
  constructor(cause) {
    super(cause.message, { cause })
  }
}

/** A module whose own code has thrown the `cause` while it was loaded. */
export class LoadFailure extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super('the module could not be loaded', { cause })
  }
}

/**
 * @param {unknown} cause
 * @param {Attributes} [attributes]
 */
export function notSerializable(cause, attributes = {}) {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new AsyncSerializationError(message, { ...attributes, code: 'not_serializable', cause })
}

/**
 * Something that deserves one line in the log, however often it comes.
 * @param {string} message
 */
export function warnOnce(message) {
  if (warned.has(message)) return
  warned.add(message)
  process.emitWarning(message, 'FnboxTasksWarning')
}

/** @type {Set<string>} */
const warned = new Set()
