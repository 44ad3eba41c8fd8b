// Throws what is wished; values that are no errors, and errors that are hard to describe.
const things = {
  text: 'just text',
  object: { code: 7 },
  nothing: undefined,
  bigint: 7n,
  proxy: new Proxy({}, { getPrototypeOf: () => { throw new Error('no') }, get: () => { throw new Error('no') } }),
  bare: Object.assign(Object.create(null), { a: 1 }),
  getters: Object.defineProperties(new Error('x'), {
    message: { get: () => { throw new Error('no') } },
    name: { get: () => { throw new Error('no') } },
    stack: { get: () => { throw new Error('no') } },
  }),
  realm: require('node:vm').runInNewContext('new RangeError("elsewhere")'),
  huge: new Error('x'.repeat(100_000_000)),
}

exports.handler = async (name) => {
  throw things[name]
}
