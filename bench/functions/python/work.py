"""What every server is asked to do, in Python: the twin of work.js."""

import time


def hello(given):
    return {"greeting": f"Hello, {given['name']}", "sum": sum(given["numbers"])}


def ticks(given):
    for _ in range(given["count"]):
        if given["everyMs"] > 0:
            time.sleep(given["everyMs"] / 1000)
        yield f"{time.monotonic_ns()}\n"
