"""Gives no value, synchronously or as a coroutine."""


async def handler(event, context):
    pass


def synchronous(event, context):
    pass
