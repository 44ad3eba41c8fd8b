// Without a container engine every test is skipped, and says why.

import { beforeEach } from 'vitest'
import { findEngine } from './engine.ts'

const reason = 'no container engine: neither docker nor podman works here, and CONTAINER_ENGINE names none'
const none = findEngine() === undefined

beforeEach((context) => {
  if (none) context.skip(reason)
})
