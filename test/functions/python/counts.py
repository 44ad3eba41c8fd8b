"""Counts its invocations in the module."""

count = 0


async def handler(event, context):
    global count
    count += 1
    return count
