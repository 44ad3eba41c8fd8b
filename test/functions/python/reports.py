"""Reports its start and its end on its standard error; its input is a name and how many milliseconds it lasts."""

import asyncio
import sys
import time


def handler(text, context):
    name, ms = text.split()
    print("begin", name, file=sys.stderr)
    time.sleep(int(ms) / 1000)
    print("end", name, file=sys.stderr)
    return name


async def asynchronous(text, context):
    name, ms = text.split()
    print("begin", name, file=sys.stderr)
    await asyncio.sleep(int(ms) / 1000)
    print("end", name, file=sys.stderr)
    return name


def blocks(text, context):
    return handler(text, context)
