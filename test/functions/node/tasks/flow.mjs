// Zappa's documented capture of responses (tasks.md Q19): its two routes as one function.

import { getAsyncResponse, task } from 'fnbox/tasks'

const longrunner = task({ captureResponse: true })(function longrunner(delay) {
  return { MESSAGE: `It took ${delay} seconds to generate this.` }
})

export const handler = async ({ queryStringParameters: query }) =>
  query.response_id === undefined ? payload(query.delay ?? 60) : response(query.response_id)

const payload = async (delay) => {
  const { responseId } = await longrunner(delay)
  return redirect(responseId, 'dispatched')
}

const response = async (id) => {
  const found = await getAsyncResponse(id)
  if (found === null) return { statusCode: 404, body: 'no such response' }
  if (found.status === 'complete') return { statusCode: 200, body: JSON.stringify(found.response) }
  return redirect(id, 'not yet ready')
}

const redirect = (id, reason) => ({
  statusCode: 302,
  headers: { Location: `/?response_id=${id}`, 'X-Redirect-Reason': reason },
})
