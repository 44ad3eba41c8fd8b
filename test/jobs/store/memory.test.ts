// The store that keeps nothing.

import { memoryStore } from '../../../src/jobs/store/sqlite.ts'
import { describeStore } from './contract.ts'

describeStore('memory', memoryStore)
