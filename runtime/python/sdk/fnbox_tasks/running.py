"""`run` (tasks.md §3.2)."""

from .binding import read_call
from .decorating import options_of
from .options import create_response, take_options
from .paths import describe, to_task_path


def run(*args, **kwargs):
    """`run(func, *args, **kwargs)`, and real Zappa's `run(func, args, kwargs, service, …)`: dispatches a call of `func`.

    Gives the response object. Raises TypeError when the arguments do not fit the function, KeyError for an unknown
    service, AsyncException.
    """
    func, positionals = _take_function(args, kwargs)
    target = getattr(func, "sync", func)
    if not callable(target):
        raise TypeError(f"run() needs a function, not {type(func).__name__}")
    options = take_options(kwargs)
    reading = read_call(target, describe(func), positionals, kwargs, options)
    if reading.is_direct:
        given = {**options_of(func), **options}
    else:
        given = {**reading.options, **options}
    response = create_response(given)
    return response.send(to_task_path(func), reading.args, reading.kwargs)


def _take_function(args, kwargs):
    if args:
        return args[0], args[1:]
    if "func" in kwargs:
        return kwargs.pop("func"), ()
    raise TypeError("run() needs a function")
