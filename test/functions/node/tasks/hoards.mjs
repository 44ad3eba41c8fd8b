// Dispatches a task, and then leaves no descriptor for whatever its instance still has to open.

import { openSync } from 'node:fs'
import { task } from 'fnbox/tasks'

const survives = task(async function survives() {
  return 'survived'
})

export const handler = async () => {
  const { id } = await survives()
  try {
    for (;;) openSync('/dev/null')
  } catch {
    return id
  }
}

export { survives }
