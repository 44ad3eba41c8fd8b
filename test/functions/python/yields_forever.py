"""Streams 100 000 bytes at a time without an end; when asked `closed` it tells how many streams were closed so far."""

closed = 0


def forever():
    global closed
    try:
        while True:
            yield "x" * 100_000
    finally:
        closed += 1


async def forever_asynchronously():
    global closed
    try:
        while True:
            yield "x" * 100_000
    finally:
        closed += 1


def handler(event, context):
    return closed if event == "closed" else forever()


def asynchronous(event, context):
    return closed if event == "closed" else forever_asynchronously()
