"""Notes in a file that it runs, and then that it was told to stop."""

import asyncio


async def handler(event, context):
    if "file" not in event:
        return "nothing to do"
    note(event["file"], "running")
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        note(event["file"], "cancelled")
        raise


def note(path, text):
    with open(path, "w") as file:
        file.write(text)
