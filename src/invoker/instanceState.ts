// The states of an instance and its legal transitions, once. The diagram in ARCHITECTURE.md is drawn from this table.

/**
 * `loading`: started, the handler is not there yet. `idle`: free. `busy`: runs at least one invocation.
 * `retiring`: finishes what it runs and takes nothing new. `stopping`: told to end. `gone`: its process has ended.
 */
export type InstanceState = 'loading' | 'idle' | 'busy' | 'retiring' | 'stopping' | 'gone'

/** From each state the states that may follow. */
export const transitions: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  loading: ['idle', 'stopping', 'gone'],
  idle: ['busy', 'stopping', 'gone'],
  busy: ['idle', 'retiring', 'stopping', 'gone'],
  retiring: ['stopping', 'gone'],
  stopping: ['gone'],
  gone: [],
}

/**
 * Checks a move against the table.
 * @throws Error when the move is not legal, which is a bug of ours
 */
export function transition(from: InstanceState, to: InstanceState): InstanceState {
  if (transitions[from].includes(to)) return to
  throw new Error(`an instance cannot go from ${from} to ${to}`)
}
