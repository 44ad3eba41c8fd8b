"""A script with every kind of handler (jobs.md §10.3); the first argument names one."""

import asyncio
import functools
import sys

import runpod


def plain(job):
    return job["input"]


async def coroutine(job):
    await asyncio.sleep(0)
    return job["input"]


def generator(job):
    yield from job["input"]
    return "discarded"


async def async_generator(job):
    for each in job["input"]:
        await asyncio.sleep(0)
        yield each


class Callable:
    def __call__(self, job):
        return job["input"]


class Methods:
    def bound(self, job):
        yield from job["input"]

    @staticmethod
    async def static(job):
        for each in job["input"]:
            yield each


def wrapper(function):
    @functools.wraps(function)
    def wrapped(*arguments):
        return function(*arguments)

    return wrapped


class CallableGenerator:
    def __call__(self, job):
        yield from job["input"]


async def promises_generator(job):
    return generator(job)


async def promises_async_generator(job):
    return async_generator(job)


def with_option(option, job):
    return [option, job["input"]]


def options_first(option, job):
    yield option
    yield from job["input"]


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "awaited"


HANDLERS = {
    "def": plain,
    "async def": coroutine,
    "def with yield": generator,
    "async def with yield": async_generator,
    "bound method": Methods().bound,
    "static method": Methods.static,
    "partial of a generator": functools.partial(options_first, 0),
    "lambda of a generator": lambda job: generator(job),
    "wrapper": wrapper(generator),
    "callable object that yields": CallableGenerator(),
    "async def that returns a generator": promises_generator,
    "async def that returns an async generator": promises_async_generator,
    "def that returns an iterator": lambda job: iter(job["input"]),
    "callable object": Callable(),
    "partial": functools.partial(with_option, "option"),
    "def that returns an awaitable": lambda job: Awaitable(),
    "list": lambda job: list(job["input"]),
    "tuple": lambda job: tuple(job["input"]),
    "dict": lambda job: dict.fromkeys(map(str, job["input"]), 1),
    "string": lambda job: "text",
}

runpod.serverless.start({"handler": HANDLERS[sys.argv[1]]})
