// What the tests of zappa.asynchronous begin with, below fnbox and without it. Owns nothing.

import { join } from 'node:path'
import { TaskService } from '../harness/taskService.ts'
import { batch, type Results } from './batch.ts'

/** The code root of the tasks: `app.py` and the seed's examples. */
export const tasksFolder = join(import.meta.dirname, '..', 'functions', 'python', 'tasks')

/** Runs pieces of code as part of the function, with an engine. */
export async function below(pieces: Readonly<Record<string, string>>, env: object = {}): Promise<Results> {
  await using engine = await TaskService.start()
  return await batch(beginning, pieces, { cwd: tasksFolder, env: { ...engine.env, ...env } })
}

/** Runs pieces of code without fnbox. */
export function outside(pieces: Readonly<Record<string, string>>): Promise<Results> {
  return batch(beginning, pieces, { cwd: tasksFolder, env: { FNBOX_RUNTIME_API: '' } })
}

// `asked(call)`: what the engine is asked by a call; `message(call)`: the message that it dispatches;
// `planned(answers, call)`: the call while the engine gives these answers; `caught(call)`: the exception.
const beginning = `
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
