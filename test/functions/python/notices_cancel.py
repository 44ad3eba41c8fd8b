"""Says when it is cancelled."""

import asyncio
import time


async def handler(event, context):
    if event == "next":
        return "here"
    print("started", flush=True)
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        print("cancelled", flush=True)
        raise


def blocks(event, context):
    print("started", flush=True)
    time.sleep(0.2)
