// The five examples of the documentation, as printed, imported by a handler during a request (tasks.md §14).

import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { freshFolder } from '../harness/jobClient.ts'
import { serveFrom, type Serving } from '../harness/serving.ts'
import { ask, read, serveTasksOf, settled, tasksIn, view } from '../harness/taskClient.ts'

/** What importing an example in a request has left. */
interface Imported {
  readonly ids: readonly string[]
  readonly kinds: readonly string[]
  readonly sent: readonly unknown[]
  readonly results: unknown
}

const inProgress = { status: 'in progress', response: 'N/A' }
const printedInProgress = "{'status': 'in progress', 'response': 'N/A'}"
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function imports(serving: Serving, module: string): Promise<Imported & { readonly id: string }> {
  const imported = await ask<Imported>(serving, { do: 'import', module })
  return { ...imported, id: imported.ids[0] ?? '' }
}

// What was printed arrives by a way of its own.
async function printed({ lines }: Serving, count = 1): Promise<readonly string[]> {
  await eventually(() => lines.length >= count)
  return lines.map(({ text }) => text)
}

/** A folder with the second example, a handler, and the stub or no stub of the mail service. */
function folderOfMail(onTestFinished: Parameters<typeof freshFolder>[0], stub: string): string {
  const root = freshFolder(onTestFinished)
  for (const file of ['ex2.py', 'works.py']) copyFileSync(join(tasksIn('python'), file), join(root, file))
  writeFileSync(join(root, 'boto3.py'), stub)
  return root
}

const stub = `
class Mail:
    count = 0

    def send_email(self, Source, Destination, Message):
        self.count += 1
        [to] = Destination["ToAddresses"]
        return {"MessageId": f"{self.count} {Source} {to} {Message['Subject']['Data']} {Message['Body']['Text']['Data']}"}


def client(name):
    assert name == "ses"
    return Mail()
`
const messageIds = [
  '1 noreply@example.com user1@example.com Newsletter Welcome to our newsletter!',
  '2 noreply@example.com user2@example.com Newsletter Welcome to our newsletter!',
]

describe.concurrent('an example of the documentation, run as printed', () => {
  it('1 Basic: is in progress during the request, and then complete (§14)', async ({ onTestFinished }) => {
    await using serving = await serveTasksOf('python', {}, onTestFinished)
    const { id, kinds, sent } = await imports(serving, 'ex1')
    expect(id).toMatch(uuid)
    expect(kinds).toEqual(['LambdaAsyncResponse'])
    expect(sent).toEqual([true])
    expect(await printed(serving, 2)).toEqual([`Task ID: ${id}`, `Result: ${printedInProgress}`])
    expect(await settled(serving, id)).toMatchObject({
      task_path: 'ex1.process_data',
      state: 'complete',
      response: [2, 4, 6, 8],
      attempts: [{ outcome: 'complete' }],
    })
    expect(await read(serving, id)).toEqual({ status: 'complete', response: [2, 4, 6, 8] })
  })

  it('2 SNS: with a boto3 in the code root it has sent two messages (§14)', async ({ onTestFinished }) => {
    const root = folderOfMail(onTestFinished, stub)
    await using serving = await serveFrom(root, 'works.handler')
    const { id, kinds, sent } = await imports(serving, 'ex2')
    expect(kinds).toEqual(['SnsAsyncResponse'])
    expect(sent).toEqual([id])
    const { service, task_path: path } = await settled(serving, id)
    expect({ service, path }).toEqual({ service: 'sns', path: 'ex2.send_email_batch' })
    expect(await read(serving, id)).toEqual({ status: 'complete', response: messageIds })
  })

  it('2 SNS: without boto3 it has failed after three attempts (§14)', async ({ onTestFinished }) => {
    const missing = 'raise ModuleNotFoundError("No module named \'boto3\'", name="boto3")' // it may be installed here
    const root = folderOfMail(onTestFinished, missing)
    await using serving = await serveFrom(root, 'works.handler', { 'task-backoff': '10ms' })
    const { id } = await imports(serving, 'ex2')
    const { state, attempts, error } = await settled(serving, id)
    expect(state).toBe('failed')
    expect(attempts).toHaveLength(3)
    expect(error).toEqual({ type: 'ModuleNotFoundError', message: "No module named 'boto3'" })
    expect(await read(serving, id)).toEqual({
      raised: 'AsyncException',
      text: "ex2.send_email_batch: ModuleNotFoundError: No module named 'boto3'",
      code: 'task_failed',
    })
  })

  it('3 Custom: gives 1000! to the last digit, also in the public view (§14, G4)', async ({
    onTestFinished,
  }) => {
    await using serving = await serveTasksOf('python', {}, onTestFinished)
    const { id } = await imports(serving, 'ex3')
    expect(await printed(serving)).toEqual([`1000! = ${printedInProgress}`])
    expect((await settled(serving, id)).state).toBe('complete')
    let factorial = 1n
    for (let factor = 2n; factor <= 1000n; factor++) factorial *= factor
    const text = await (await fetch(`${serving.url}/_/tasks/${id}`)).text()
    const [, shown = ''] = /"response":\s*(\d+)/.exec(text) ?? []
    expect(shown).toBe(String(factorial))
    expect(shown).toMatch(/^402387260077\d{2307}0{249}$/)
    const raw = await fetch(`${serving.url}/?integration=raw`, {
      method: 'POST',
      body: JSON.stringify({ do: 'read', id }),
    })
    expect(await raw.text()).toMatch(new RegExp(`"response": ?${shown}\\}`))
  })

  it('4 Errors: succeeds in the request, fails after three attempts, and raises when it is read (§14)', async ({
    onTestFinished,
  }) => {
    await using serving = await serveTasksOf('python', {}, onTestFinished)
    const { id } = await imports(serving, 'ex4')
    const { state, attempts, error } = await settled(serving, id)
    expect(state).toBe('failed')
    expect(error).toEqual({ type: 'ValueError', message: 'Data cannot be empty' })
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed'])
    expect(await read(serving, id)).toEqual({
      raised: 'AsyncException',
      text: 'ex4.risky_operation: ValueError: Data cannot be empty',
      code: 'task_failed',
    })
    expect(await printed(serving, 0)).toEqual([])
  })

  it('5 Multiple: dispatches ten tasks of less than 6200 characters, and their sums are right (§14)', async ({
    onTestFinished,
  }) => {
    await using serving = await serveTasksOf('python', {}, onTestFinished)
    const { ids, results } = await imports(serving, 'ex5')
    expect(results).toEqual(Array.from({ length: 10 }, () => inProgress))
    expect(await printed(serving)).toEqual(['Processed 10 chunks'])
    const all = await Promise.all(ids.map((id) => settled(serving, id)))
    expect(all.map(({ response }) => response)).toEqual(
      ids.map((_, k) => ({ chunk_id: k, processed_count: 1000, sum: 1_000_000 * k + 499_500 })),
    )
    const sums = all.map(({ response }) => (response as { readonly sum: number }).sum) // as was just seen
    expect(sums.reduce((total, sum) => total + sum)).toBe(49_995_000)
  })
})

describe.concurrent("the fourth example's handler of errors", () => {
  const source = `from zappa.asynchronous import AsyncException
def waiting(event, context):
    import ex4
    try:
        ex4.response.wait()
    except AsyncException as e:
        print(f"Task failed: {e}")
    return ex4.response.response_id
`
  const folder = (onTestFinished: Parameters<typeof freshFolder>[0]): string => {
    const root = freshFolder(onTestFinished)
    copyFileSync(join(tasksIn('python'), 'ex4.py'), join(root, 'ex4.py'))
    writeFileSync(join(root, 'main.py'), source)
    return root
  }

  it('is reached by waiting in a container of two instances (§14)', async ({ onTestFinished }) => {
    await using serving = await serveFrom(folder(onTestFinished), 'main.waiting', { instances: '2' })
    const id = await ask<string>(serving, {})
    expect(await printed(serving)).toEqual([
      'Task failed: ex4.risky_operation: ValueError: Data cannot be empty',
    ])
    expect((await view(serving, id)).attempts).toHaveLength(3)
  })

  it('is told of the deadlock in a container of one (§14, C3)', async ({ onTestFinished }) => {
    await using serving = await serveFrom(folder(onTestFinished), 'main.waiting', { 'task-backoff': '10ms' })
    const id = await ask<string>(serving, {})
    expect(await printed(serving)).toEqual([
      `Task failed: the task ${id} cannot start before the code that waits for it ends: there is one instance; raise --instances, or read the result later`,
    ])
    expect((await settled(serving, id)).state).toBe('failed')
  })
})
