// A closed loop of clients: each sends its next request when it has the answer to the last one.

import autocannon from 'autocannon'

/** Answers per second, after a warm-up. @throws Error when one was not a 200 */
export async function perSecond(url: string, body: string, clients: number): Promise<number> {
  await run(url, body, clients, 1)
  return (await run(url, body, clients, 5)).requests.average
}

async function run(
  url: string,
  body: string,
  connections: number,
  duration: number,
): Promise<autocannon.Result> {
  const result = await autocannon({ url, method: 'POST', body, connections, duration })
  if (result.non2xx + result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`)
  return result
}
