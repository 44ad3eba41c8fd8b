// A stream as a server of node:http sends it: no faster than its reader takes it.

const events = require('node:events')

/**
 * @param {AsyncIterable<string>} chunks
 * @param {import('node:http').ServerResponse} response
 */
exports.send = async (chunks, response) => {
  for await (const chunk of chunks) if (!response.write(chunk)) await events.once(response, 'drain')
  response.end()
}
