"""A script whose generator goes on to its next chunk when a file is there, and tells a file of its end (jobs.md §6, CTL-3)."""

import asyncio
import os
import sys

import runpod


async def handler(job):
    given = job["input"]
    try:
        for index in range(given["chunks"]):
            if "gates" in given:
                while not os.path.exists(f"{given['gates']}/{index}"):
                    await asyncio.sleep(0.005)
            yield {"index": index}
    finally:
        if "finally" in given:
            open(given["finally"], "w").close()


runpod.serverless.start({"handler": handler, "return_aggregate_stream": "aggregate" in sys.argv})
