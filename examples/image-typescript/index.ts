import { z } from 'zod'

const Order = z.object({ item: z.string().min(1), quantity: z.int().positive() })

interface Event {
  readonly body: string
  readonly isBase64Encoded: boolean
}

interface Reply {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

// POST an order as JSON: what is wrong with it, or how it was understood.
export async function handler(event: Event): Promise<Reply> {
  const { success, data, error } = Order.safeParse(readJson(event))
  return success
    ? reply(200, { accepted: `${data.quantity} × ${data.item}` })
    : reply(400, z.flattenError(error))
}

function reply(statusCode: number, value: unknown): Reply {
  return { statusCode, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) }
}

function readJson({ body, isBase64Encoded }: Event): unknown {
  try {
    return JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body)
  } catch {
    return undefined
  }
}
