// A call that dispatches a task and redirects to itself until the result is there (tasks.md Q19).

import { getTask, task } from 'fnbox/tasks'

const longrunner = task(function longrunner(delay) {
  return { MESSAGE: `It took ${delay} seconds to generate this.` }
})

export const handler = async ({ queryStringParameters: query }) =>
  query.response_id === undefined ? payload(query.delay ?? 60) : response(query.response_id)

const payload = async (delay) => redirect((await longrunner(delay)).id, 'dispatched')

const response = async (id) => {
  const status = await getTask(id).status()
  if (status === null) return { statusCode: 404, body: 'no such response' }
  if (status.state !== 'complete') return redirect(id, 'not yet ready')
  return { statusCode: 200, body: JSON.stringify(await getTask(id).result()) }
}

const redirect = (id, reason) => ({
  statusCode: 302,
  headers: { Location: `/?response_id=${id}`, 'X-Redirect-Reason': reason },
})
