// Types of `fnbox/tasks`, for programs that import it.

export interface TaskOptions {
  /** where another instance finds the function: `folder.file.function` below the code root; default: the file that calls `task` */
  readonly path?: string
  /** seconds from the call until the task is due, up to 604800 */
  readonly delay?: number
  /** attempts in all, 1 to 100; default: `--task-attempts` */
  readonly attempts?: number
  /** seconds that one attempt may take; default: `--task-timeout` */
  readonly timeout?: number
}

/** A function whose calls are tasks. */
export type Task<Args extends readonly unknown[], Result> = (
  ...args: Args
) => Promise<TaskHandle<Awaited<Result>>>

/** Makes a function a task. A call dispatches it; outside of fnbox it runs at once and has ended when the promise settles. */
export function task<Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
  options?: TaskOptions,
): Task<Args, Result>

/** The task with this id, which need not exist. */
export function getTask<Result = unknown>(id: string): TaskHandle<Result>

/** Shows a value as the progress of the running task. False where there is no task that could show it. */
export function progress(value: unknown): Promise<boolean>

export type TaskState = 'delayed' | 'queued' | 'running' | 'retrying' | 'complete' | 'failed'

/** A task that was dispatched. */
export class TaskHandle<Result = unknown> {
  private constructor()
  readonly id: string
  /** Null: the task is unknown, or its record has expired. `progress` is null where nothing is shown. */
  status(): Promise<{ readonly state: TaskState; readonly progress: unknown } | null>
  /** Waits for the value, at most `wait` seconds; 0 looks once. Rejects when the task has failed. */
  result(options?: { readonly wait?: number }): Promise<Result>
}

export type TaskErrorCode =
  | 'task_failed'
  | 'wait_timeout'
  | 'wait_deadlock'
  | 'not_found'
  | 'not_importable'
  | 'not_serializable'
  | 'payload_too_large'
  | 'queue_full'
  | 'engine_unreachable'
  | 'conflict'
  | 'bad_request'

/** A task that has failed, or cannot be dispatched or read. */
export class TaskError extends Error {
  private constructor()
  readonly code: TaskErrorCode | (string & {})
  readonly taskId?: string
  /** of a failed task, as the next two: type and message of its error, and how often it was tried */
  readonly errorType?: string
  readonly errorMessage?: string
  readonly attempts?: number
}
