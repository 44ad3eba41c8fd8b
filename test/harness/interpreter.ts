// Finds the Python interpreter once for the whole run: `python3` may be a wrapper that takes longer to start than Python.

import { execFileSync } from 'node:child_process'

/** Vitest's global set-up; tests read FNBOX_TEST_PYTHON, which may also be set by hand to try another version. */
export default function findInterpreter(): void {
  process.env['FNBOX_TEST_PYTHON'] ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).trim()
}
