"""Generators of every kind. The gated ones wait between two values until a file appears."""

import asyncio
import os
import time


def kinds(event, context):
    yield "a"
    yield bytes([0, 255])
    yield {"k": 1}


# More than a socket takes at once, less than the window.
def reuses(event, context):
    buffer = bytearray(250_000)
    for each in b"abcd-":
        buffer[:] = bytes([each]) * len(buffer)
        if each != ord("-"):
            yield buffer


def gated(event, context):
    yield "first"
    gate = event["gate"] if "gate" in event else event["queryStringParameters"]["gate"]
    while not os.path.exists(gate):
        time.sleep(0.005)
    yield "second"


async def head(event, context):
    yield {"statusCode": 201, "headers": {"X-Made": "here"}, "body": "start "}
    yield "end"


async def promised(event, context):
    return kinds(event, context)


async def throwsFirst(event, context):
    raise LookupError("before")
    yield


async def throwsLater(event, context):
    yield "first"
    raise LookupError("after")


def nothing(event, context):
    return
    yield


def endless(event, context):
    path = event["counter"] if "counter" in event else event["queryStringParameters"]["counter"]
    count = 0
    try:
        while True:
            count += 1
            with open(path, "w") as file:
                file.write(str(count))
            yield "x" * 65536
    finally:
        with open(path, "w") as file:
            file.write("closed")


async def stalls(event, context):
    yield "first"
    await asyncio.sleep(3600)
