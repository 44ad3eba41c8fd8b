"""Named like a module that asyncio needs."""


async def handler(event, context):
    return "here"
