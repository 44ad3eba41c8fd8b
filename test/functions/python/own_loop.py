"""Uses asyncio in the ways that functions do."""

import asyncio

bound = asyncio.get_event_loop_policy().get_event_loop()
lock = asyncio.Lock()


def runs(event, context):
    async def answer():
        await asyncio.sleep(0)
        return "ran"

    return asyncio.run(answer())


def closes(event, context):
    bound.close()
    return "closed"


async def bound_at_import(event, context):
    future = bound.create_future()
    bound.call_soon(future.set_result, None)
    async with lock:
        await future
    return asyncio.get_running_loop() is bound


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "awaited"


def any_awaitable(event, context):
    return Awaitable()
