// A call that starts a long task, and a second URL that shows how far it is and what came of it.

import { getAsyncResponse, task, updateProgress } from 'fnbox/tasks'

const countPrimes = task(async function countPrimes(below) {
  let found = 0
  for (let number = 2; number < below; number++) {
    if (isPrime(number)) found++
    if (number % 10_000 === 0) await updateProgress({ checked: number })
  }
  return { below, primes: found }
})

export async function handler({ queryStringParameters: query }) {
  if ('task' in query) return show(query.task)
  const response = await countPrimes(Number(query.below ?? 100_000))
  return { statusCode: 303, headers: { Location: `?task=${response.responseId}` } }
}

async function show(id) {
  try {
    const found = await getAsyncResponse(id)
    if (found === null) return reply(404, { error: 'there is no such task, or its result has expired' })
    return reply(found.status === 'complete' ? 200 : 202, found)
  } catch (error) {
    return reply(500, { status: 'failed', error: error.message })
  }
}

function reply(statusCode, body) {
  return { statusCode, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}

function isPrime(number) {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false
  return true
}
