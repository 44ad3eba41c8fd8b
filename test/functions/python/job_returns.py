"""A script whose handler ends in every way of jobs.md §10.4; the input names one."""

import asyncio
import collections
import decimal
import os
import sys

import runpod


class Plain:
    pass


class Sub(dict):
    pass


KEPT = Sub(error="kept", refresh_worker=False, x=1)


def fail(error):
    raise error


def circle():
    found = []
    found.append(found)
    return found


def kept():
    first = dict(KEPT)
    return first and KEPT


CASES = {
    "string": lambda: "text ä",
    "number": lambda: 12345678901234567890,
    "bool": lambda: True,
    "list": lambda: [1, [2]],
    "None": lambda: None,
    "tuple": lambda: (1, (2,)),
    "dict": lambda: {"a": 1},
    "output": lambda: {"output": {"a": 1}},
    "{}": lambda: {},
    "error": lambda: {"error": "boom"},
    "error and x": lambda: {"error": "boom", "x": 1},
    "error ''": lambda: {"error": ""},
    "error None": lambda: {"error": None},
    "error 0 and x": lambda: {"error": 0, "x": 1},
    "error dict": lambda: {"error": {"code": 7}},
    "error object": lambda: {"error": ValueError("an object")},
    "refresh": lambda: {"refresh_worker": True},
    "refresh and x": lambda: {"refresh_worker": True, "x": 1},
    "refresh False": lambda: {"refresh_worker": False, "x": 1},
    "raises": lambda: fail(ValueError("m")),
    "cancelled": lambda: fail(asyncio.CancelledError()),
    "exits generator": lambda: fail(GeneratorExit("odd")),
    "bytes": lambda: b"x",
    "set": lambda: {1},
    "object": lambda: Plain(),
    "nested": lambda: {"deep": [Plain()]},
    "key": lambda: {(1, 2): 3},
    "circle": circle,
    "sys.exit": lambda: sys.exit(3),
    "os._exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), 9),
    "subclass": kept,
    "subclass afterwards": lambda: sorted(KEPT),
    "deeper": lambda: {"a": {"error": "b", "refresh_worker": True}},
    "keys": lambda: {7: "a", True: "b", None: "c", 1.5: "d"},
    "nan": lambda: [float("nan"), float("inf"), float("-inf"), "NaN", 'a "NaN', {"k": float("nan")}],
    "surrogate": lambda: ["\ud800x", "\U0001f600"],
    "large": lambda: "x" * 4_000_000,
    "decimal": lambda: collections.OrderedDict(a=decimal.Decimal(1)),
    "job": None,
}


def handler(job):
    if job["input"] == "job":
        return job
    print("did", job["input"])
    return CASES[job["input"]]()


async def asynchronous(job):
    return handler(job)


runpod.serverless.start({"handler": asynchronous if "async" in sys.argv else handler})
