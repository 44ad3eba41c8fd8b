"""What tasks.md §15 compares, for code that a test hands in."""

import asyncio
import textwrap

from zappa.asynchronous import *  # noqa: F403 (the code of a test may use any of it)
from zappa.asynchronous import AsyncException, LambdaAsyncResponse, get_async_response, run, run_message, task, task_sns


@task
def double(n):
    return n * 2


@task(service="sns", capture_response=True, delay_seconds=0, unheard_of=1)
def configured(n):
    return n


@task_sns
def mail(to, subject="none"):
    return [to, subject]


@task_sns(capture_response=False, delay_seconds=0)
def postcard(to):
    return to


@task
def scale(data, multiplier=1):
    return [each * multiplier for each in data]


@task
def fails(data):
    raise ValueError("no data")


@task_sns
def mail_fails():
    raise ValueError("no mail")


@task
async def awaits(n):
    await asyncio.sleep(0)
    return n + 1


def plain(a, b=0):
    return [a, b]


def thrown(step):
    try:
        return ["returned", step()]
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return {"kinds": kinds, "text": str(error), "code": getattr(error, "code", None)}


def handler(event, context):
    scope = dict(globals())
    exec("def step():\n" + textwrap.indent(event["code"], "    "), scope)
    return scope["step"]()
