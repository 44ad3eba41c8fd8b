"""One job with a handler, as programs run it themselves (jobs.md §10.7; the rules are those of §10.3 to §10.5)."""

import asyncio
import json

from ..handling import run_handler
from ..program import Program


async def run_job(handler, job):
    """Gives a dict with `output`, `error` and `stopPod` as they apply."""
    chunks = []

    async def keep(text):
        chunks.append(json.loads(text))

    outcome = await run_handler(Program({"handler": handler}), job, keep)
    result = {}
    if outcome.error is not None:
        result["error"] = outcome.error
    if outcome.streamed and outcome.error is None:
        result["output"] = chunks
    elif outcome.output is not None:
        result["output"] = json.loads(outcome.output)
    if outcome.refresh:
        result["stopPod"] = True
    return result


async def run_job_generator(handler, job):
    """Yields `{"output": chunk}` for every chunk, then `{"error": text}` if the job has failed."""
    taken = asyncio.Queue()

    async def offer(text):
        await taken.put({"output": json.loads(text)})

    task = asyncio.ensure_future(run_handler(Program({"handler": handler}), job, offer))
    task.add_done_callback(lambda _: taken.put_nowait(None))
    try:
        while True:
            item = await taken.get()
            if item is None:
                break
            yield item
    finally:
        task.cancel()
    outcome = await task
    if outcome.error is not None:
        yield {"error": outcome.error}
    elif not outcome.streamed and outcome.output is not None:
        yield {"output": json.loads(outcome.output)}
