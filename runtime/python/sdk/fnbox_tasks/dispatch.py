"""Calls that become tasks: `task`, `task_sns` and `run` (tasks.md §3.1, §3.2), and their seven options (O1 to O5)."""

import functools
import os

from .environment import engine_address, public
from .errors import warn_once
from .messages import dump
from .paths import describe, to_task_path
from .responses import check_delay
from .run_arguments import read_call


def task(*args, **kwargs):
    """Makes calls of a function tasks: `@task`, `@task(service=…, …)` or `task(func, …)`."""
    given = _take_options(kwargs)
    ignored = [*kwargs, *(name for name in ("arn", "boto_session") if given.pop(name, None) is not None)]
    if ignored:
        warn_once(f"task() ignores {', '.join(ignored)}")
    if len(args) == 1 and callable(args[0]):
        return _decorate(args[0], given)
    return lambda func: _decorate(func, given)


def task_sns(*args, **kwargs):
    """`task` with the service `sns`."""
    return task(*args, **{**kwargs, "service": "sns"})


def run(*args, **kwargs):
    """`run(func, *args, **kwargs)`, and real Zappa's `run(func, args, kwargs, service, …)`: dispatches a call of `func`.

    Gives the response object. Raises TypeError when the arguments do not fit the function, KeyError for an unknown
    service, AsyncException.
    """
    if args:
        func, *args = args
    else:
        func = kwargs.pop("func", None)
    target = getattr(func, "sync", func)
    if not callable(target):
        raise TypeError(f"run() needs a function, not {type(func).__name__}")
    options = _take_options(kwargs)
    reading = read_call(target, describe(func), args, kwargs, options)
    decorated = getattr(func, "_task_options", {}) if reading.is_direct else {}
    response = _create_response({**decorated, **reading.options, **options})
    return response.send(to_task_path(func), reading.args, reading.kwargs)


def _decorate(func, given):
    service = given.get("service", "lambda")

    @functools.wraps(func)
    def call(*args, **kwargs):
        is_service = service in public("ASYNC_CLASSES")
        if is_service and engine_address():
            path = to_task_path(func)
            return _create_response(given).send(path, args, kwargs)
        if not is_service:
            warn_once(f"{describe(func)} runs in place: there is no service {service!r}")
        dump((args, kwargs))  # tasks.md W2
        return func(*args, **kwargs)

    call.service = service
    call.sync = func.sync if hasattr(func, "_task_options") else func
    call._task_options = given
    return call


# tasks.md R1
def _take_options(keywords):
    return {name: keywords.pop(name) for name in _OPTIONS if name in keywords}


def _create_response(given):
    response_class = public("ASYNC_CLASSES")[given.get("service", "lambda")]
    if "delay_seconds" in given:
        check_delay(given["delay_seconds"])
    named = {
        "lambda_function_name": _function_name(given.get("remote_aws_lambda_function_name")),
        "aws_region": given.get("remote_aws_region") or os.environ.get("AWS_REGION"),
        "capture_response": bool(given.get("capture_response", True)),
    }
    response = response_class(**named, **{name: given[name] for name in _PASSED_ON if name in given})
    if "capture_response" not in given:
        _set_default_capture(response)
    return response


# Not a keyword: programs' own classes get Zappa's three only (tasks.md O5).
def _set_default_capture(response):
    try:
        response._capture = "default"
    except (AttributeError, TypeError):
        pass  # a program's class with slots


def _function_name(remote):
    own = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    if remote is not None and own is not None and remote != own:
        warn_once(f"tasks for the function {remote} run in this one, {own}: there is no other here")
    return remote or own


_OPTIONS = (
    "service",
    "capture_response",
    "remote_aws_lambda_function_name",
    "remote_aws_region",
    "arn",
    "boto_session",
    "delay_seconds",
)
_PASSED_ON = ("arn", "boto_session", "delay_seconds")
