"""A script that does what each job asks for (jobs.md §7, §10, §15): waits for a file, loops, ends its process, counts."""

import asyncio
import os
import signal
import sys
import time

import runpod

jobs = 0
met = 0


def touch(path, text=""):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, text.encode())
    os.close(descriptor)


async def exists(path):
    while not os.path.exists(path):
        await asyncio.sleep(0.005)


async def handler(job):
    global jobs, met
    jobs += 1
    given = job["input"]
    if "touch" in given:
        touch(given["touch"])
    if "progress" in given:
        runpod.serverless.progress_update(job, given["progress"])
    if "await" in given:
        await exists(given["await"])
    if "works" in given:
        await asyncio.sleep(given["works"] / 1000)
    if "loop" in given:
        while True:
            pass
    if "linger" in given:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await exists(given["linger"])
            return "late"
    if "exit" in given:
        os._exit(given["exit"])
    if "kill" in given:
        os.kill(os.getpid(), getattr(signal, given["kill"]))
        time.sleep(10)
    if "exit once" in given and not os.path.exists(given["exit once"]):
        touch(given["exit once"])
        os._exit(3)
    if "meet" in given:
        met += 1
        while met < given["meet"]:
            await asyncio.sleep(0.001)
        return met
    if "append" in given:
        touch(given["append"], job["id"] + "\n")
    if "count" in given:
        return {"jobs": jobs, **({"refresh_worker": True} if given["count"] == "refresh" else {})}
    if "args" in given:
        return sys.argv[1:]
    return given.get("return")


config = {"handler": handler}
if "concurrent" in sys.argv:
    config["concurrency_modifier"] = lambda current: 2
runpod.serverless.start(config)
