"""Does without asyncio at first."""

import sys


def has_asyncio(event, context):
    return "asyncio" in sys.modules and sys.version_info >= (3, 10)  # before, it always is


def finds(event, context):
    import asyncio

    found = asyncio.get_event_loop()

    async def runs_on_it():
        return asyncio.get_running_loop() is found

    return runs_on_it()
