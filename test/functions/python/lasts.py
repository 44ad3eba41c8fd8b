"""Lasts as many milliseconds as its event says, and returns what it was given; asked for less than none, until it is cancelled."""

import asyncio
import signal
import time

signal.signal(signal.SIGUSR1, lambda *_: print("signalled", flush=True))


def handler(event, context):
    if event["ms"] > 0:
        time.sleep(event["ms"] / 1000)
    return event["given"]


async def asynchronous(event, context):
    if event["ms"] < 0:
        await asyncio.get_running_loop().create_future()
    await asyncio.sleep(event["ms"] / 1000)
    return event["given"]
