"""Fails in the middle of a stream."""


async def handler(event, context):
    yield "first"
    raise LookupError("in the middle")
