// The function as Cloudflare's workerd runs it. workerd.ts copies it and work.js with their paths.

import work from '../functions/node/work.js'

export default {
  /** @param {Request} request */
  fetch: async (request) => Response.json(work.hello(/** @type {any} */ (await request.json()))),
}
