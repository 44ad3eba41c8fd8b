// Many pieces of Python in one process: each starts from the same beginning, and what becomes of it is told by its name.

import { python, type Surroundings } from './python.ts'

/** What became of a piece: what it left in `result`, or `{ raised: { type, code, text } }`. */
export type Results = Readonly<Record<string, unknown>>

/** Runs pieces of code, in order, behind the code of `beginning`, whose names each of them has for itself. */
export async function batch(
  beginning: string,
  pieces: Readonly<Record<string, string>>,
  surroundings: Surroundings,
): Promise<Results> {
  const code = `
import json
beginning = ${pythonText(beginning)}
pieces = json.loads(${pythonText(JSON.stringify(pieces))})
names = {"__name__": "__main__"}
exec(beginning, names)
result = {}
for name, piece in pieces.items():
    own = {**names, "result": None}
    try:
        exec(piece, own)
        json.dumps(own["result"])
        result[name] = own["result"]
    except Exception as error:
        result[name] = {"raised": {"type": type(error).__name__, "code": getattr(error, "code", None), "text": str(error)}}
print("\\n" + json.dumps(result))`
  const { stdout, stderr } = await python(['-c', code], surroundings)
  const last = stdout.trimEnd().split('\n').at(-1)
  if (last === undefined || last === '') throw new Error(stderr)
  return JSON.parse(last) as Results // made there
}

// JSON's texts are Python's, too.
function pythonText(text: string): string {
  return JSON.stringify(text)
}
