"""`task` and `task_sns` (tasks.md §3.1)."""

import functools

from .messages import check_serializable
from .notices import note_once
from .options import create_response, take_options
from .paths import describe, to_task_path
from .surroundings import engine_address, public


def task(*args, **kwargs):
    """Makes calls of a function tasks: `@task`, `@task(service=…, …)` or `task(func, …)`."""
    given = take_options(kwargs)
    ignored = [*kwargs, *(name for name in ("arn", "boto_session") if given.pop(name, None) is not None)]
    if ignored:
        note_once(f"task() ignores {', '.join(ignored)}")
    if len(args) == 1 and callable(args[0]):
        return _decorate(args[0], given)
    return lambda func: _decorate(func, given)


def task_sns(*args, **kwargs):
    """`task` with the service `sns`."""
    return task(*args, **{**kwargs, "service": "sns"})


def options_of(func):
    """The options that a function was decorated with; none, if it is not."""
    return getattr(func, "_task_options", {})


def _decorate(func, given):
    service = given.get("service", "lambda")

    @functools.wraps(func)
    def call(*args, **kwargs):
        known = service in public("ASYNC_CLASSES")
        if known and engine_address():
            path = to_task_path(func)
            return create_response(given).send(path, args, kwargs)
        if not known:
            note_once(f"{describe(func)} runs in place: there is no service {service!r}")
        check_serializable(args, kwargs)
        return func(*args, **kwargs)

    call.service = service
    call.sync = func.sync if hasattr(func, "_task_options") else func
    call._task_options = given
    return call
