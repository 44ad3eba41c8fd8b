"""Returns its event; bytes, which JSON cannot hold, as a list."""


async def handler(event, context):
    return {"bytes": list(event)} if isinstance(event, bytes) else event
