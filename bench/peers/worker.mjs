// The function as Cloudflare's workerd runs it. workerd.ts gives it the same place beside work.js as it has here.

import work from '../functions/node/work.js'

export default {
  /** @param {Request} request */
  fetch: async (request) => Response.json(work.hello(/** @type {any} */ (await request.json()))),
}
