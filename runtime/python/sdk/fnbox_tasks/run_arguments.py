"""The arguments of `run`: real Zappa's form or the direct one (tasks.md R2 to R6, §16 B1 to B22)."""

import inspect
from typing import NamedTuple

from .environment import public


class Reading(NamedTuple):
    """The call of a task that `run` was asked for; `options` were given by position."""

    args: list
    kwargs: dict
    options: dict
    is_direct: bool


def read_call(target, path, positionals, keywords, options):
    """Reads the arguments of `run`, without the function and its `options`. Raises TypeError when neither reading fits."""
    real = _to_real_form(positionals, keywords, options)
    direct = Reading(list(positionals), keywords, {}, True)
    try:
        signature = inspect.signature(target, follow_wrapped=False)
    except (TypeError, ValueError):
        return real or direct
    misfit = "the arguments have another form" if real is None else _misfit(signature, real)
    if misfit is None:
        return real
    direct_misfit = _misfit(signature, direct)
    if direct_misfit is None:
        return direct
    readings = f"args/kwargs reading: {misfit}; direct reading: {direct_misfit}"
    raise TypeError(f"run() cannot call {path} with these arguments ({readings})")


def _misfit(signature, reading):
    try:
        signature.bind(*reading.args, **reading.kwargs)
        return None
    except TypeError as error:
        return str(error)


# tasks.md R2
def _to_real_form(positionals, keywords, options):
    named = {**dict(zip(("args", "kwargs"), positionals)), **keywords}
    further = positionals[2:]
    if (
        len(named) != len(positionals[:2]) + len(keywords)
        or not set(named) <= {"args", "kwargs"}
        or not isinstance(named.get("args", []), (list, tuple))
        or not isinstance(named.get("kwargs", {}), dict)
        or len(further) > len(_FURTHER)
    ):
        return None
    given = dict(zip(_FURTHER, further))
    if any(name in options or not _FURTHER[name](value) for name, value in given.items()):
        return None
    return Reading(named.get("args", []), named.get("kwargs", {}), given, False)


def _is_service(value):
    return isinstance(value, str) and value in public("ASYNC_CLASSES")


def _is_bool(value):
    return isinstance(value, bool)


def _is_name(value):
    return value is None or isinstance(value, str)


# In real Zappa's order.
_FURTHER = {
    "service": _is_service,
    "capture_response": _is_bool,
    "remote_aws_lambda_function_name": _is_name,
    "remote_aws_region": _is_name,
}
