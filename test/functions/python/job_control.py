"""A script for jobs.md §10.6: concurrency, progress, cancellation, fitness, refresh; arguments switch parts on."""

import asyncio
import contextvars
import logging
import sys
import threading
import time

import runpod

asked = []


def modifier(current):
    asked.append(current)
    if "broken" in sys.argv:
        return "three"
    if "raises" in sys.argv:
        raise ValueError("no")
    return current + 1 if current < 3 else current


@runpod.serverless.register_fitness_check
def fit():
    print("checked once")
    if "unfit" in sys.argv:
        raise RuntimeError("no disk")


@runpod.serverless.register_fitness_check
async def async_fit():
    await asyncio.sleep(0)
    print("checked twice")
    if "async unfit" in sys.argv:
        raise RuntimeError("no model")


assert callable(fit) and fit.__name__ == "fit"

gate = asyncio.Event()
last_input = contextvars.ContextVar("last_input", default="none")


async def handler(job):
    given = job["input"]
    if given == "context":
        return last_input.get()
    last_input.set(given)
    if given == "waits":
        print("started", flush=True)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("released", flush=True)
            raise
    if given == "lingers":
        print("started", flush=True)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("lingers", flush=True)
            await asyncio.sleep(0.05)
            return "late"
    if given == "blocks":
        print("started", flush=True)
        time.sleep(0.2)
        return "blocked"
    if given == "wait for gate":
        await gate.wait()
    if given == "open gate":
        gate.set()
    if given == "logs":
        logging.warning("within")
        thread = threading.Thread(target=lambda: logging.warning("in a thread"))
        thread.start()
        thread.join()
        await gate.wait()
        logging.warning("still within")
    if given == "progress":
        assert runpod.serverless.progress_update(job, "step 1") is None
        runpod.serverless.progress_update(job, {"step": 2})
        thread = threading.Thread(target=runpod.serverless.progress_update, args=(job, 3))
        thread.start()
        thread.join()
    if given == "bad progress":
        runpod.serverless.progress_update({"id": "nobody"}, 1)
        runpod.serverless.progress_update(None, 1)
        runpod.serverless.progress_update(job, b"x")
    if given == "asked":
        return asked
    if given == "loop":
        return id(asyncio.get_running_loop())
    return given


config = {"handler": handler, "refresh_worker": "refresh" in sys.argv}
if "modifier" in sys.argv:
    config["concurrency_modifier"] = modifier

if "twice" in sys.argv:
    plain = handler

    async def handler_that_starts(job):
        runpod.serverless.start({"handler": plain})

    config["handler"] = handler_that_starts

runpod.serverless.start(config)
print("start() has returned", flush=True)
