// Holds answers against the OpenAPI description of the jobs API.

import { Ajv2020 } from 'ajv/dist/2020.js'
import { description } from '../../src/http/jobs/openapi.ts'

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation | undefined>>>>

const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema(description, 'api')

/** The description's own view of its paths. */
export const paths = description.paths as unknown as Paths // each entry has the shape that the validator has checked

/** What is wrong with an answer; nothing for a path or method that the description does not have. */
export function answerProblems(
  method: string,
  target: string,
  answer: { readonly status: number; readonly headers: Headers; readonly json: unknown },
): readonly string[] {
  const path = templateOf(target)
  const operation = path === undefined ? undefined : paths[path]?.[method.toLowerCase()]
  if (path === undefined || operation === undefined) return []
  const response = operation.responses[answer.status]
  if (response === undefined) return [`status ${answer.status} is not described`]
  const type = answer.headers.get('content-type')
  if (response.content === undefined) return type === null ? [] : ['there should be no body']
  if (type === null || !(type in response.content)) return [`${type} is not described`]
  if (type !== 'application/json') return []
  const pointer = ['paths', path, method.toLowerCase(), 'responses', String(answer.status)]
  const place = [...pointer, 'content', type, 'schema'].map(escape).join('/')
  const validate = ajv.getSchema(`api#/${place}`)
  if (validate === undefined) return [`no schema at ${place}`]
  return validate(answer.json) === true ? [] : [ajv.errorsText(validate.errors)]
}

function templateOf(target: string): string | undefined {
  const path = target.split('?')[0]?.replace(/^\/v2\/[^/]+/, '') ?? ''
  return Object.keys(paths).find((each) => new RegExp(`^${each.replace('{id}', '[^/]+')}$`).test(path))
}

function escape(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
