"""`run_message` and the two routes (tasks.md §3.3, §3.4): tasks that are executed by whoever has their message."""

import inspect
import json

from . import engine, store
from .errors import AsyncException, AsyncSerializationError, to_error
from .execution import run_to_end
from .limits import check_command, load_task
from .messages import dump
from .notices import note
from .paths import import_and_get_task
from .surroundings import engine_address, public


def run_message(*args, **kwargs):
    """`run_message(message)` or `run_message(task_type, func_path, args, kwargs)`: executes it here, gives the value.

    Raises what the function raises, and AsyncException `not_allowed` below fnbox for what is not the function's own.
    """
    if (len(args) == 1 and not kwargs) or (not args and list(kwargs) == ["message"]):
        message = args[0] if args else kwargs["message"]
        return _finished(begin_message(message, "lambda", "sns"))
    return _finished(_begin_parts(*args, **kwargs))


def route_lambda_task(event, context):
    """Executes the message that an event is."""
    return _finished(begin_message(event, "lambda"))


def route_sns_task(event, context):
    """Executes the message in the first record of an event."""
    return _finished(begin_sns(event))


def begin_sns(event, limited=False):
    """As `begin_message`, for the message in the first record of an event."""
    return begin_message(_loads(event["Records"][0]["Sns"]["Message"]), "sns", limited=limited)


def begin_message(message, *services, limited=False):
    """Calls the function of a message; the value may be an awaitable.

    `services`: whose commands are allowed. `limited`: it may name the function's own code only, also where the program
    has removed what says that it runs below fnbox.
    """
    path, args, kwargs = message["task_path"], message["args"], message["kwargs"]
    response_id = message["response_id"] if message.get("capture_response") else None
    limited = limited or bool(engine_address())
    if limited and "command" in message:
        check_command(message["command"], *services)
    function = _load(path, limited)
    if response_id is None:
        return function(*args, **kwargs)
    return _begin_captured(_Record(str(response_id), path), function, args, kwargs)


def _begin_parts(task_type, func_path, args, kwargs):
    if task_type not in public("ASYNC_CLASSES"):
        raise ValueError(f"there is no service {task_type!r}")
    return _load(func_path, bool(engine_address()))(*args, **kwargs)


def _load(path, limited):
    if limited:
        return load_task(path)
    found = import_and_get_task(path)
    return getattr(found, "sync", found)


def _finished(value):
    return run_to_end(value) if inspect.isawaitable(value) else value


# tasks.md M3
def _begin_captured(record, function, args, kwargs):
    record.begin()
    try:
        value = function(*args, **kwargs)
    except BaseException as error:
        record.fail(error)
        raise
    if inspect.isawaitable(value):
        return _end_captured(record, value)
    record.complete(value)
    return value


async def _end_captured(record, awaitable):
    try:
        value = await awaitable
    except BaseException as error:
        record.fail(error)
        raise
    record.complete(value)
    return value


class _Record:
    """What is kept of a task that is executed here."""

    def __init__(self, response_id, path):
        self._id = response_id
        self._path = path

    def begin(self):
        if engine_address():
            engine.record(self._id, self._path, "in progress")
        else:
            store.begin(self._id, self._path, "on")

    def complete(self, value):
        try:
            text = dump(value, response_id=self._id, task_path=self._path)
        except AsyncSerializationError as error:
            self.fail(error.__cause__)
            raise
        self._end("complete", response_text=text)

    # The function's own error is the one to tell of.
    def fail(self, error):
        try:
            self._end("failed", error=to_error(error))
        except AsyncException as trouble:
            note(f"the failure of {self._path} is not kept: {trouble}")

    def _end(self, status, **members):
        if engine_address():
            engine.record(self._id, self._path, status, **members)
        else:
            store.end(self._id, status=status, **members)


# The program may replace it later.
_loads = json.loads
