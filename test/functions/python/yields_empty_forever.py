"""Streams empty texts without an end and without ever waiting for anything."""


async def handler(event, context):
    while True:
        yield ""
