// When everything that has already arrived in this process has also been read.

/**
 * Runs an action after one whole turn of the event loop: what was in pipes and sockets when it was asked for has been
 * read by then. An instance's output is in the pipes before its answer (PROTOCOL.md, promise 3).
 */
export function afterTurn(action: () => void): void {
  setImmediate(() => setImmediate(action))
}
