"""Where the modules of tasks come from, as a function and as a script (tasks.md G3)."""

import importlib
import multiprocessing
import sys


def find(name):
    try:
        return importlib.import_module(name).__file__
    except ImportError as error:
        return str(error)


def modules():
    names = ("asynchronous", "utilities", "extra")
    found = {"zappa": find("zappa"), **{name: find(f"zappa.{name}") for name in names}}
    return {**found, "runpod": find("runpod") != "No module named 'runpod'"}


def handler(event, context):
    return modules()


def spawns(event, context):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(dispatch)


def dispatch():
    import app
    from zappa.asynchronous import run

    return run(app.f2, 1).sent


if __name__ == "__main__":
    import runpod

    runpod.serverless.start({"handler": lambda job: modules()})
