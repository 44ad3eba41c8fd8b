"""Forks: the child leaves, answers like its parent, or works."""

import asyncio
import multiprocessing
import os
import sys


def leaves(event, context):
    pid = os.fork()
    if pid == 0:
        sys.exit(0)
    os.waitpid(pid, 0)
    return {"pid": os.getpid()}


def answers(event, context):
    pid = os.fork()
    if pid != 0:
        os.waitpid(pid, 0)
    return {"pid": os.getpid()}


def double(number):
    return number * 2


def works(event, context):
    with multiprocessing.get_context(event["method"]).Pool(2) as pool:
        return pool.map(double, [1, 2, 3])


def closes_loop(event, context):
    loop = asyncio.get_event_loop()
    try:
        return loop.run_until_complete(asyncio.sleep(0, "ran"))
    finally:
        loop.close()
