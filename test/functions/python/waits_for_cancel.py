"""Begins a stream, so that it is known to run, and waits in it until it is cancelled."""

import asyncio


async def handler(event, context):
    yield "waiting"
    await asyncio.get_running_loop().create_future()
