// The store that keeps nothing.

import { memoryStore } from '../../../src/jobs/store/sqlite/store.ts'
import { describeStore } from './contract.ts'
import { clock } from './jobs.ts'

describeStore('memory', () => memoryStore(clock))
