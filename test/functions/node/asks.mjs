// Asks the runtime API while it is loaded, and when it is called.
import { request } from 'node:http'

function ask(path) {
  const socketPath = process.env.FNBOX_RUNTIME_API.replace(/^unix:/, '')
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
      .on('error', reject)
      .end()
  })
}

const whileLoaded = await ask('/v1/nothing')

export const handler = async () => [whileLoaded, await ask('/v1/nothing')]
