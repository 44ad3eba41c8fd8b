"""A script whose jobs dispatch tasks (tasks.md P2, L3)."""

import os
import sys
import time

import runpod
from zappa.asynchronous import get_async_response, task


def write(path, text):
    with open(path, "a") as file:
        file.write(text + "\n")


@task
def triple(n):
    loaded = [name for name, module in sys.modules.items() if getattr(module, "__file__", None) == __file__]
    return [n * 3, __name__, loaded]


@task
async def notes(path, text):
    write(path, text)


@task
def fails():
    raise ValueError("it broke")


def handler(job):
    given = job["input"]
    if "triple" in given:
        return triple(given["triple"]).response_id
    if "read" in given:
        return get_async_response(given["read"])
    if "fails" in given:
        return fails().response_id
    if "dispatch" in given:
        response = notes(given["note"], given["dispatch"])
        write(given["dispatched"], "")
        while not os.path.exists(given["gate"]):
            time.sleep(0.005)
        return response.response_id
    write(given["note"], given["text"])
    return None


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
