"""A script whose tasks are its own functions (tasks.md P2, L9)."""

import asyncio
import sys
import threading

import runpod
from zappa.asynchronous import get_func_task_path, task, update_progress

imported = sys.modules.setdefault("imports of task_script", [])
imported.append(__name__)
gate = asyncio.Event()


@task
def place():
    """Where it runs, and how often this file was."""
    threaded = threading.current_thread() is not threading.main_thread()
    return [threaded, asyncio.run(one()), imported, get_func_task_path(place)]


async def one():
    return 1


@task
async def waits():
    """Until another task opens the gate, on the same loop."""
    await asyncio.wait_for(gate.wait(), 10)
    return threading.current_thread() is threading.main_thread()


async def opens():
    gate.set()


def exits():
    print("last words")
    sys.exit(4)


def progresses(value):
    return update_progress(value)


async def handler(job):
    return get_func_task_path(place)


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
