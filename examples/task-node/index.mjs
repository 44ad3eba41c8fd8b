// A call that starts a long task, and a second URL that shows how far it is and what came of it.

import { getTask, progress, task } from 'fnbox/tasks'

const countPrimes = task(async function countPrimes(below) {
  let found = 0
  for (let number = 2; number < below; number++) {
    if (isPrime(number)) found++
    if (number % 10_000 === 0) await progress({ checked: number })
  }
  return { below, primes: found }
})

export async function handler({ queryStringParameters: query }) {
  if ('task' in query) return show(getTask(query.task))
  const { id } = await countPrimes(Number(query.below ?? 100_000))
  return { statusCode: 303, headers: { Location: `?task=${id}` } }
}

async function show(handle) {
  const status = await handle.status()
  switch (status?.state) {
    case undefined:
      return reply(404, { error: 'there is no such task, or its result has expired' })
    case 'complete':
      return reply(200, { status: 'complete', response: await handle.result() })
    case 'failed':
      return reply(500, { status: 'failed', error: (await handle.result().catch((error) => error)).message })
    default:
      return reply(202, { status: 'in progress', response: status.progress })
  }
}

function reply(statusCode, body) {
  return { statusCode, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}

function isPrime(number) {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false
  return true
}
