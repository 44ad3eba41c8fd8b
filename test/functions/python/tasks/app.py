"""Tasks by behaviour, and the functions of tasks.md §16."""

import asyncio
import functools
import logging
import sys  # must not be reached either
import threading
from os import system  # what a message must not reach (tasks.md Q11)

from zappa.asynchronous import task, task_sns, update_progress

log = logging.getLogger(__name__)


def f(a, b):
    return a + b


def f1(data, multiplier=1):
    return [each * multiplier for each in data]


def f2(n):
    return n


def f3(data):
    raise ValueError("x")


def f4(*items):
    return items


def f5(a, b):
    return [a, b]


def f6(chunk_id, chunk):
    return [chunk_id, chunk]


def f7(args):
    return args


def _with_db(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function("db", *args, **kwargs)

    return call


@_with_db
def f8(db, x):
    return [db, x]


@task
def decorated(*args, **kwargs):
    return [args, kwargs]


@task_sns(capture_response=False, delay_seconds=5)
def by_sns(data):
    return data


@task(service="pigeon")
def by_pigeon(data):
    return data


@task
async def awaits(n):
    await asyncio.sleep(0)
    return n


def wrapped_by_other(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return ["audited", function(*args, **kwargs)]

    return call


@wrapped_by_other
@task
def nested(n):
    return n


def makes_nested():
    def inner():
        pass

    return inner


class C:
    def m(self):
        pass


# What a task can do.


def surroundings():
    """Where a synchronous task runs."""
    return {
        "main": threading.current_thread() is threading.main_thread(),
        "asyncio.run": asyncio.run(_one()),
        "own": __name__,
    }


async def _one():
    return 1


async def on_loop():
    return asyncio.get_running_loop() is asyncio.get_event_loop() and threading.current_thread() is threading.main_thread()


def returns(what):
    return {
        "set": {1},
        "nan": float("nan"),
        "large": "x" * 100,
        "generator": (each for each in range(3)),
        "none": None,
        "words": "ä😀",
    }[what]


def raises(kind):
    print("a last word", end="")
    raise {"value": ValueError("m"), "cancelled": asyncio.CancelledError(), "exit": SystemExit(3), "type": TypeError("t")}[kind]


async def raises_later(kind):
    raises(kind)


def logs():
    log.warning("within")


def progresses(value):
    return update_progress(value)


async def progresses_on_loop(value):
    await asyncio.sleep(0)
    return update_progress(value)


def progresses_in_thread(value):
    results = []
    thread = threading.Thread(target=lambda: results.append(update_progress(value)))
    thread.start()
    thread.join()
    return results[0]


def calls_task(n):
    """A task inside a task (tasks.md L8)."""
    return decorated(n).response_id


def handler(event, context):
    """The function of these tasks."""
    return {"handler": event}
