// A probe that Node.js loads before a server's own program. At each SIGUSR2 it writes the number of bytes that V8 has
// allocated since the last one into the file of BENCH_ALLOCATIONS.

const { renameSync, writeFileSync } = require('node:fs')
const { env } = require('node:process')
const { GCProfiler, getHeapStatistics } = require('node:v8')

const file = env.BENCH_ALLOCATIONS ?? ''
let used = 0
/** @type {import('node:v8').GCProfiler | undefined} */
let profiler

process.on('SIGUSR2', () => {
  const now = getHeapStatistics().used_heap_size
  const bytes = profiler === undefined ? 0 : allocated(used, profiler.stop().statistics, now)
  writeFileSync(`${file}.new`, String(bytes))
  renameSync(`${file}.new`, file)
  profiler = new GCProfiler()
  used = getHeapStatistics().used_heap_size
  profiler.start()
})

/**
 * The heap grows only by allocation and shrinks only in collections.
 * @param {number} first bytes of the heap at first
 * @param {import('node:v8').GCProfilerResult['statistics']} collections
 * @param {number} last bytes of the heap now
 */
function allocated(first, collections, last) {
  const before = [...collections.map(({ beforeGC }) => beforeGC.heapStatistics.usedHeapSize), last]
  const after = [first, ...collections.map(({ afterGC }) => afterGC.heapStatistics.usedHeapSize)]
  return before.reduce((sum, bytes, at) => sum + bytes - (after[at] ?? 0), 0)
}

exports.allocated = allocated
