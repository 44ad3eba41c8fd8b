import { describe, expect, it } from 'vitest'
import { code, eventually, run, type RunOptions } from './containers.ts'

const plain =
  "require('node:http').createServer((_, response) => response.end('Hello')).listen(Number(process.env.PORT), '0.0.0.0')"

async function msToFirstAnswer(image: string, options: RunOptions): Promise<number> {
  const began = performance.now()
  await using container = await run(image, options)
  await eventually(async () => (await container.ask().catch(() => undefined))?.status === 200, 2)
  return performance.now() - began
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

describe('the start of a container', () => {
  it.each([
    ['node', 'fnbox:node', 'index.handler'],
    ['python', 'fnbox:python', 'main.handler'],
  ])('with a %s function is measured against that of plain Node.js', async (language, image, handler) => {
    const flags = code('examples', `hello-${language}`)
    const own: number[] = []
    const bare: number[] = []
    for (let round = 0; round < 7; round++) {
      own.push(await msToFirstAnswer(image, { args: [handler], flags }))
      bare.push(
        await msToFirstAnswer(image, { args: ['-e', plain], flags: [...flags, '--entrypoint', 'node'] }),
      )
    }
    const [ours, theirs] = [median(own), median(bare)]
    const times = `${ours.toFixed(0)} ms, plain Node.js ${theirs.toFixed(0)} ms, ratio ${(ours / theirs).toFixed(2)}`
    console.log(`from run to the first 200, median of 7, ${language}: fnbox ${times}`)
    expect(own).toHaveLength(bare.length)
  })
})
