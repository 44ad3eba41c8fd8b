import { describe, expect, it } from 'vitest'
import { endText, reportText, startText, toReport } from '../../src/log/report.ts'
import { toErrorText } from '../../src/log/errorText.ts'

const id = '5906fbf3-7ff5-4fe4-a0b2-b35ca126ac9d'

describe('the system records of an invocation', () => {
  it('read as in the cloud (G-4)', () => {
    const timing = { queuedMs: 0.0661, executedMs: 8.8849, initMs: 5.892 }
    expect(startText(id, 'd4efs25vm37eabcdefgh')).toBe(`START RequestID: ${id} Version: d4efs25vm37eabcdefgh`)
    expect(endText(id)).toBe(`END RequestID: ${id}`)
    expect(reportText(id, toReport(timing, 128, 47.2 * 1024 ** 2))).toBe(
      `REPORT RequestID: ${id} Duration: 8.951 ms Billed Duration: 100 ms Memory Size: 128 MB Max Memory Used: 48 MB Queuing Duration: 0.066 ms Function Init Duration: 5.892 ms`,
    )
  })

  it('leave out what is not known or not so (G-5)', () => {
    expect(reportText(id, toReport({ queuedMs: 0, executedMs: 7 }, 128, undefined))).toBe(
      `REPORT RequestID: ${id} Duration: 7 ms Billed Duration: 100 ms Memory Size: 128 MB Queuing Duration: 0 ms`,
    )
  })

  it.each([
    [0.001, 100],
    [100, 100],
    [100.001, 200],
    [99.9999, 100],
    [1234, 1300],
  ])('bill %d ms as %d ms (G-5)', (executedMs, billedMs) => {
    expect(toReport({ queuedMs: 0, executedMs }, 128, undefined).billedMs).toBe(billedMs)
  })
})

describe('the record of an error (F-30, G-8)', () => {
  it.each([
    ['without a stack', { errorType: 'E', errorMessage: 'two\nlines' }, 'E: two\rlines'],
    [
      'of Node.js',
      {
        errorType: 'E',
        errorMessage: 'm',
        stackTrace: [{ function: 'f', file: '/a.js', line: 1, column: 2 }, { line: 'at <anonymous>' }],
      },
      'E: m\r    at f (/a.js:1:2)\r    at <anonymous>',
    ],
    [
      'of Python',
      { errorType: 'E', errorMessage: 'm', stackTrace: ['  File "a.py", line 1, in f\n    g()\n'] },
      'E: m\r  File "a.py", line 1, in f\r    g()',
    ],
    [
      'with a row of something else',
      { errorType: 'E', errorMessage: 'm', stackTrace: [null] },
      'E: m\r    undefined',
    ],
  ])('%s is one line', (_, error, text) => {
    expect(toErrorText(error)).toBe(text)
  })
})
