import asyncio

import runpod


async def handler(job):
    """Each word is a chunk, which leaves as soon as it is yielded."""
    for word in job["input"]["text"].split():
        yield word.upper()
        await asyncio.sleep(0.2)


runpod.serverless.start({"handler": handler, "return_aggregate_stream": True})
