// The names under which messages are executed (tasks.md §5). Pure values.

/** What executes a message, by service. */
export const commands = Object.freeze({
  lambda: 'zappa.asynchronous.route_lambda_task',
  sns: 'zappa.asynchronous.route_sns_task',
})
