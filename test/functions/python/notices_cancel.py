"""Says when it is cancelled."""

import asyncio


async def handler(event, context):
    if event == "next":
        return "here"
    print("started", flush=True)
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        print("cancelled", flush=True)
        raise
