"""Tasks that do what they are told (tasks.md), and a handler that dispatches and reads them as a request says."""

import asyncio
import importlib
import multiprocessing
import os
import signal
import sys
import time

from zappa.asynchronous import LambdaAsyncResponse, get_async_response, run, task, task_sns, update_progress


def write(path, text):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, text.encode())
    os.close(descriptor)


def await_file(path):
    while not os.path.exists(path):
        time.sleep(0.005)


@task
def double(n):
    return n * 2


@task
def echo(value):
    return value


@task_sns
def mail(to, subject="none"):
    return [to, subject]


@task
def notes(path, text):
    write(path, text + "\n")
    return text


@task
def fails(message):
    raise ValueError(message)


@task_sns
def refuses():
    raise ValueError("refused")


@task
def third(path):
    write(path, "x")
    made = os.path.getsize(path)
    if made < 3:
        raise ValueError(f"attempt {made}")
    return 5


@task
def waits(started, gate):
    write(started, "x")
    await_file(gate)
    return "through"


@task
def dies(path, how):
    if os.path.exists(path):
        return "survived"
    write(path, "x")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "leave":
        sys.exit(7)
    os._exit(3)


@task
def leaves():
    sys.exit(7)


@task
def loops():
    while True:
        pass


@task
def nan():
    return float("nan")


@task
async def shows(value, gate):
    shown = update_progress(value)
    while not os.path.exists(gate):
        await asyncio.sleep(0.005)
    return 1 if shown else 0


@task
def unkeepable():
    return {1}


@task
def nests():
    return double(21).response_id


def plain(n):
    return ["plain", n]


def handler(event, context):
    kind = event.get("do")
    if kind == "dispatch":
        ids = [dispatch(*each).response_id for each in event["tasks"]]
        if "further" not in event:
            return ids
        return {"ids": ids, "refusal": told(lambda: dispatch(*event["further"]).response_id)}
    if kind == "read":
        return told(lambda: get_async_response(event["id"]))
    if kind == "hand over":
        return told(lambda: dispatch(*event["task"]).response_id)
    if kind == "send":
        return LambdaAsyncResponse().send(event["path"], [], {}).response_id
    if kind == "represent":
        return repr(get_async_response(event["id"]))
    if kind == "wait":
        response = dispatch(*event["task"])
        return [response.response_id, told(response.wait)]
    if kind == "dispatch and read":
        response = dispatch(*event["task"])
        answer = told(lambda: get_async_response(response.response_id))
        write(event["path"], "request\n")
        return [response.response_id, answer]
    if kind == "hold":
        write(event["started"], "x")
        await_file(event["gate"])
        write(event["path"], event["text"] + "\n")
        return told(lambda: dispatch(*event["dispatch"]).response_id) if "dispatch" in event else "held"
    if kind == "import":
        module = importlib.import_module(event["module"])
        responses = getattr(module, "responses", [module.response])
        return {
            "ids": [each.response_id for each in responses],
            "kinds": [type(each).__name__ for each in responses],
            "sent": [each.sent for each in responses],
            "results": getattr(module, "results", None),
        }
    if kind == "wait again":
        return told(sys.modules[event["module"]].response.wait)
    if kind == "elsewhere":
        own = os.environ["FNBOX_RUNTIME_API"]
        os.environ["FNBOX_RUNTIME_API"] = event["address"]
        call = lambda: notes(event["path"], "ran")
        steps = [call, lambda: run(notes, [event["path"], "ran"]), lambda: get_async_response("x")]
        try:
            return [told(step) for step in steps]
        finally:
            os.environ["FNBOX_RUNTIME_API"] = own
    if kind == "spawn":
        method = multiprocessing.get_context("spawn")
        ids = method.SimpleQueue()
        process = method.Process(target=put_id, args=(ids,))
        process.start()
        process.join()
        return ids.get()
    if kind == "environment":
        return dict(os.environ)
    return ["handler", event]


def put_id(ids):
    ids.put(double(21).response_id)


def dispatch(name, args=(), options=None):
    func = globals()[name]
    return run(func, args=args, **{"service": getattr(func, "service", "lambda"), **(options or {})})


def told(step):
    try:
        return step()
    except Exception as error:
        return {"raised": type(error).__name__, "text": str(error), "code": getattr(error, "code", None)}
