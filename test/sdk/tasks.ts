// Many pieces of Python in one process, for the tests of zappa.asynchronous under fnbox and outside.

import { join } from 'node:path'
import { TaskService } from '../harness/taskService.ts'
import { python, type Environment } from './python.ts'

/** The code root of the tasks: `app.py` and the seed's examples. */
export const tasksFolder = join(import.meta.dirname, '..', 'functions', 'python', 'tasks')

/** Runs pieces of code in the function, with an engine. */
export async function below(pieces: Readonly<Record<string, string>>, env: object = {}): Promise<Results> {
  await using engine = await TaskService.start()
  return await run(pieces, { cwd: tasksFolder, env: { ...engine.env, ...env } })
}

/** Runs pieces of code without fnbox. */
export function outside(pieces: Readonly<Record<string, string>>): Promise<Results> {
  return run(pieces, { cwd: tasksFolder, env: { FNBOX_RUNTIME_API: '' } })
}

/** The results of pieces by name: the value of `result`, or `{ raised: { type, code, text } }`. */
export type Results = Readonly<Record<string, unknown>>

// In order, each with its own copy of the names of `names`.
async function run(pieces: Readonly<Record<string, string>>, environment: Environment): Promise<Results> {
  const code = `
import json
names_code = ${pythonText(names)}
pieces = json.loads(${pythonText(JSON.stringify(pieces))})
names = {"__name__": "__main__"}
exec(names_code, names)
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
  const { stdout, stderr } = await python(['-c', code], environment)
  const last = stdout.trimEnd().split('\n').at(-1)
  if (last === undefined || last === '') throw new Error(stderr)
  return JSON.parse(last) as Results // made there
}

// JSON's texts are Python's, too.
function pythonText(text: string): string {
  return JSON.stringify(text)
}

// `asked(call)`: what the engine is asked by a call; `message(call)`: the message that it dispatches;
// `planned(answers, call)`: the call while the engine gives these answers; `caught(call)`: the exception.
const names = `
import asyncio, http.client, json, math, os, re, socket, sys, threading, uuid
import zappa.asynchronous as z
import app

def control(method, path, body=None):
    connection = http.client.HTTPConnection("engine")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(os.environ["FNBOX_RUNTIME_API"][len("unix:"):])
    connection.request(method, "/test/" + path, json.dumps(body))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer

def asked(call):
    control("GET", "asked")
    try:
        call()
    except Exception:
        pass
    return control("GET", "asked")

def message(call):
    return json.loads(asked(call)[0]["body"]["message"])

def planned(answers, call):
    control("POST", "answers", answers)
    return call()

def keep(record, task="t"):
    control("PUT", "records/" + task, {"task_path": "app.f", "capture": "on", "attempts": [], **record})

def caught(call, kind=Exception):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("nothing was raised")

def told(error):
    return [type(error).__name__, getattr(error, "code", None), str(error)]
`
