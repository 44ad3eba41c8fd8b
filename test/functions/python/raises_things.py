"""Raises what is wished, some of it hard to describe."""

import asyncio


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no")


def recurse():
    return recurse()


def handler(event, context):
    if event == "name":
        return unknown  # noqa: F821
    if event == "key":
        return {}["k"]
    if event == "unprintable":
        raise Unprintable
    if event == "cancelled":
        raise asyncio.CancelledError
    if event == "exit":
        raise GeneratorExit
    if event == "surrogate":
        raise ValueError("\ud800")
    if event == "huge":
        raise ValueError("x" * 100_000_000)
    return recurse()


async def asynchronous(event, context):
    await asyncio.sleep(0)
    return handler(event, context)
