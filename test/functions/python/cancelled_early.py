"""Tells whether the code of a call that was cancelled ran; in the meantime its handlers block."""

import asyncio
import time

ran = []


def handles(give):
    """A handler that blocks or tells what ran, when it is asked to; else it gives what `give` makes."""

    def handler(event, context):
        if event == "blocks":
            print("blocked", flush=True)
            time.sleep(0.3)
            return "was blocked"
        return list(ran) if event == "is asked" else give()

    return handler


@handles
async def coroutine():
    ran.append("coroutine")
    await asyncio.sleep(60)


@handles
async def at_once():
    ran.append("coroutine")
    return "ran"


@handles
class awaitable:
    def __await__(self):
        ran.append("awaitable")
        return asyncio.sleep(60).__await__()


@handles
def generator():
    ran.append("generator")
    yield "ran"


@handles
async def async_generator():
    ran.append("async generator")
    yield "ran"
