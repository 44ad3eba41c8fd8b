// Generators of every kind. The gated ones wait between two values until a file appears.
const fs = require('node:fs')

const appears = async (file) => {
  while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5))
}

exports.kinds = function* () {
  yield 'a'
  yield Buffer.from([0, 255])
  yield { k: 1 }
}

// More than a socket takes at once, less than the window.
exports.reuses = async function* () {
  const bytes = Buffer.alloc(250_000)
  for (const each of 'abcd') yield bytes.fill(each)
  bytes.fill('-')
}

exports.buffers = function* () {
  yield new Uint8Array([1, 2]).buffer
  yield new Uint16Array(new SharedArrayBuffer(4), 2, 1)
  yield new SharedArrayBuffer(1)
}

exports.gated = async function* (event) {
  yield 'first'
  await appears(event.gate ?? event.queryStringParameters.gate)
  yield 'second'
}

exports.head = async function* () {
  yield { statusCode: 201, headers: { 'X-Made': 'here' }, body: 'start ' }
  yield 'end'
}

exports.promised = async () => exports.kinds()

exports.throwsFirst = async function* () {
  throw new RangeError('before')
}

exports.throwsLater = async function* () {
  yield 'first'
  throw new RangeError('after')
}

exports.nothing = function* () {}

exports.endless = function* (event) {
  const file = event.counter ?? event.queryStringParameters.counter
  try {
    for (let count = 1; ; count++) {
      fs.writeFileSync(file, String(count))
      yield 'x'.repeat(65536)
    }
  } finally {
    fs.writeFileSync(file, 'closed')
  }
}

exports.stalls = async function* () {
  yield 'first'
  await new Promise(() => setInterval(() => {}, 1000))
}
