"""Executes tasks: what their value or error means for them (tasks.md §1 L5 to L9, A4, W3)."""

import asyncio
import contextvars
import inspect
import json
import threading

from . import store
from .errors import TaskNotAllowed, TaskNotFound, to_error, to_message
from .notices import note
from .paths import import_and_get_task
from .surroundings import engine_address


class End:
    """How an attempt has ended: with a value, whose text is kept if it can be, or with an error."""

    def __init__(self, text=None, omitted=None, error=None, retry=False):
        self.text = text
        #: why there is no text
        self.omitted = omitted
        #: of a failed one: type, message and stack, texts
        self.error = error
        #: whether another attempt may mend it
        self.retry = retry


def to_end(path, value, capture, limit=None):
    """The end with a value; `limit`: most characters of its text."""
    if capture == "off":
        return End()
    try:
        text = _dumps(value)
    except Exception as error:
        return _without_text(path, capture, type(error).__name__, to_message(error))
    if limit is None or len(text) <= limit:
        return End(text)
    reason = f"the result has {len(text)} characters, which is more than --task-result-limit allows ({limit})"
    return _without_text(path, capture, "ResultTooLarge", reason)


def to_failure(error):
    """The end with an exception."""
    return End(error=to_error(error), retry=not isinstance(error, (TaskNotAllowed, TaskNotFound)))


# tasks.md A4
def _without_text(path, capture, kind, reason):
    if capture == "on":
        return End(error={"type": kind, "message": reason, "stack": ""})
    note(f"the result of {path} is not kept: {kind}: {reason}")
    return End(omitted=f"{kind}: {reason}")


def run_here(response_id, text, capture):
    """Executes a message in place, outside of fnbox, and keeps what comes of it (tasks.md W3)."""
    message = _loads(text)
    path = message["task_path"]
    store.begin(response_id, path, capture)
    try:
        value = _find_here(path)(*message["args"], **message["kwargs"])
        end = to_end(path, run_to_end(value) if inspect.isawaitable(value) else value, capture)
    except (SystemExit, KeyboardInterrupt) as error:
        _keep(response_id, to_failure(error))
        raise
    except BaseException as error:
        end = to_failure(error)
    _keep(response_id, end)


def _find_here(path):
    try:
        found = import_and_get_task(path)
    except (ModuleNotFoundError, AttributeError) as error:
        raise TaskNotFound(str(error)) from error
    return getattr(found, "sync", found)


def _keep(response_id, end):
    if end.error is None:
        store.end(response_id, status="complete", response_text=end.text)
    else:
        store.end(response_id, status="failed", error=end.error)


def run_to_end(awaitable):
    """The value of an awaitable, for code that cannot await: on a loop of its own where one is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        loop = _find_loop()
        return asyncio.run(_await(awaitable)) if loop is None else loop.run_until_complete(_await(awaitable))
    return _in_thread(lambda: asyncio.run(_await(awaitable)))


# That of the instance (tasks.md L9), if this is its main thread.
def _find_loop():
    if not engine_address() or threading.current_thread() is not threading.main_thread():
        return None
    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:
        return None
    return None if loop.is_closed() else loop


async def _await(awaitable):
    return await awaitable


def _in_thread(step):
    context = contextvars.copy_context()
    results = []

    def work():
        try:
            results.append((context.run(step), None))
        except BaseException as error:
            results.append((None, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    value, error = results[0]
    if error is not None:
        raise error
    return value


# The program may replace these later.
_dumps = json.dumps
_loads = json.loads
