"""Messages that are executed in place: `run_message`, the two routes (tasks.md §3.3, §3.4), invocations with a task (§9)."""

import inspect
import json
from contextlib import contextmanager

from . import engine, local_results
from .allowlist import check_command, load_task
from .environment import engine_address, public
from .errors import AsyncException, AsyncSerializationError, TaskNotAllowed, to_error, warn
from .execution import run_to_end
from .messages import COMMANDS, dump
from .paths import import_and_get_task


def run_message(*args, **kwargs):
    """`run_message(message)` or `run_message(task_type, func_path, args, kwargs)`: executes it here, gives the value.

    Raises what the function raises and, under fnbox, AsyncException `not_allowed` for code outside the code root.
    """
    if (len(args) == 1 and not kwargs) or (not args and list(kwargs) == ["message"]):
        message = args[0] if args else kwargs["message"]
        return run_to_end(_call_message(message, "lambda", "sns"))
    return run_to_end(_call_parts(*args, **kwargs))


def route_lambda_task(event, context):
    """Executes the message that an event is."""
    return run_to_end(_call_message(event, "lambda"))


def route_sns_task(event, context):
    """Executes the message in the first record of an event."""
    return run_to_end(_call_record(event))


def find_route(event):
    """The function that executes the task in an event, called as a handler is; None when the event is the handler's.

    Its value may be an awaitable. The order of the tests is that of the table in tasks.md §9.
    """
    if not isinstance(event, dict) or event.get("httpMethod"):
        return None
    if event.get("command"):
        return _execute
    if event.get("raw_command"):
        return _reject_raw
    return _execute_record if _message_of(event).get("command") else None


def _execute(event, context):
    if event["command"] == COMMANDS["sns"] and event.get("Records"):
        return _execute_record(event, context)
    check_command(event["command"], "lambda")
    return _call_message(event, "lambda", limited=True)


# The message of a record that the event's own command leads to may have no command, as in real Zappa.
def _execute_record(event, context):
    return _call_record(event, limited=True)


def _reject_raw(event, context):
    raise TaskNotAllowed("code in an event is never executed")


# An empty one when there is none.
def _message_of(event):
    try:
        message = _loads(event["Records"][0]["Sns"]["Message"])
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _call_record(event, limited=False):
    return _call_message(_loads(event["Records"][0]["Sns"]["Message"]), "sns", limited=limited)


# Allows the commands of the services. `limited`: checks X1 to X4 also where the program has cleared its environment.
def _call_message(message, *services, limited=False):
    path, args, kwargs = message["task_path"], message["args"], message["kwargs"]
    response_id = message["response_id"] if message.get("capture_response") else None
    limited = limited or bool(engine_address())
    if limited and "command" in message:
        check_command(message["command"], *services)
    function = _load(path, limited)
    if response_id is None:
        return function(*args, **kwargs)
    return _call_captured(str(response_id), path, function, args, kwargs)


def _call_parts(task_type, func_path, args, kwargs):
    if task_type not in public("ASYNC_CLASSES"):
        raise ValueError(f"unknown service {task_type!r}")
    return _load(func_path, bool(engine_address()))(*args, **kwargs)


def _load(path, limited):
    if limited:
        return load_task(path)
    found = import_and_get_task(path)
    return getattr(found, "sync", found)


# tasks.md M3
def _call_captured(response_id, path, function, args, kwargs):
    _record(response_id, path, "in progress")
    with _recording_failure(response_id, path):
        value = function(*args, **kwargs)
    if inspect.isawaitable(value):
        return _await_captured(response_id, path, value)
    return _record_value(response_id, path, value)


async def _await_captured(response_id, path, awaitable):
    with _recording_failure(response_id, path):
        value = await awaitable
    return _record_value(response_id, path, value)


def _record_value(response_id, path, value):
    try:
        text = dump(value, response_id=response_id, task_path=path)
    except AsyncSerializationError as error:
        _record_failure(response_id, path, error.__cause__)
        raise
    _record(response_id, path, "complete", response_text=text)
    return value


@contextmanager
def _recording_failure(response_id, path):
    try:
        yield
    except BaseException as error:
        _record_failure(response_id, path, error)
        raise


# An error of the engine must not hide the function's own.
def _record_failure(response_id, path, error):
    try:
        _record(response_id, path, "failed", error=to_error(error))
    except AsyncException as reason:
        warn(f"the failure of {path} is not kept: {reason}")


def _record(*members, **more):
    (engine if engine_address() else local_results).record(*members, **more)


# The program may replace it later.
_loads = json.loads
