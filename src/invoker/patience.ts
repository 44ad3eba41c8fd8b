// How long a process may take to end, in milliseconds.

/** Between the notice and SIGKILL (interface.md §6). */
export const stopGraceMs = 2000

/** At the deadline `context.signal` aborts; this is what a function has to notice it before its process group is killed. */
export const noticeMs = 50

/** How long an exit code may take to follow the end of the channel. */
export const exitPatienceMs = 1000
