"""A script whose generator goes through every situation of jobs.md §10.5; arguments: kind, and `aggregate`."""

import asyncio
import os
import sys

import runpod

closed = []


def steps(job):
    what = job["input"]
    try:
        if what == "closed":
            yield from closed
        elif what == "nothing":
            return "discarded"
        elif what == "raises at once":
            raise ValueError("early")
        else:
            yield "first"
        if what == "error":
            yield {"error": "boom", "x": 1}
        elif what == "error dict":
            yield {"error": {"code": 7}}
        elif what == "uninterpreted":
            yield {"error": ""}
            yield {"refresh_worker": True}
        elif what == "raises":
            raise ValueError("late")
        elif what == "bytes":
            yield b"x"
        elif what == "exits":
            os._exit(3)
        elif what == "sys.exit":
            sys.exit(4)
        elif what == "forever":
            while True:
                yield "x" * 100_000
        elif what == "busy":
            while True:
                yield 0
        yield "last"
        return "discarded"
    finally:
        closed.append(what)


async def async_steps(job):
    what = job["input"]
    if what == "waits":
        try:
            yield "waiting"
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            closed.append(what)
    if what == "swallows":
        yield "waiting"
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                yield "not yet"
    generator = steps(job)
    try:
        for each in generator:
            await asyncio.sleep(0)
            yield each
    finally:
        generator.close()


runpod.serverless.start(
    {
        "handler": async_steps if sys.argv[1] == "async" else steps,
        "return_aggregate_stream": "aggregate" in sys.argv,
    }
)
