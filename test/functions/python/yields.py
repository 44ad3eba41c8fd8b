"""Streams one value of each kind, from each kind of generator."""


def handler(event, context):
    yield "text: ä"
    yield b"\0\xff"
    yield {"json": ["ä"]}
    yield None
    return "ignored"


async def asynchronous(event, context):
    for value in handler(event, context):
        yield value


async def promised(event, context):
    return handler(event, context)


def nothing(event, context):
    yield from ()
