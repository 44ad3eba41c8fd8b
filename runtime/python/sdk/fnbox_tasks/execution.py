"""Execution of tasks: outcomes (tasks.md L5, A4, H3), awaitables (L9), tasks outside fnbox (W3)."""

import asyncio
import contextvars
import inspect
import json
import threading

from . import local_results
from .environment import engine_address
from .errors import TaskNotAllowed, TaskNotFound, to_error, to_message, warn
from .paths import import_and_get_task


def to_outcome(path, value, capture, limit=None):
    """The outcome of an attempt that gave a value; `limit`: most characters of its text."""
    if capture == "off":
        return _complete()
    try:
        text = _dumps(value)
    except Exception as error:
        return _without_text(path, capture, type(error).__name__, to_message(error))
    if limit is None or len(text) <= limit:
        return _complete(text)
    reason = f"the result has {len(text)} characters, which is more than --task-result-limit allows ({limit})"
    return _without_text(path, capture, "ResultTooLarge", reason)


def to_failure(error):
    """The outcome of an attempt that raised."""
    return _failed(to_error(error), retry=not isinstance(error, (TaskNotAllowed, TaskNotFound)))


# tasks.md A4
def _without_text(path, capture, kind, reason):
    if capture == "on":
        return _failed({"type": kind, "message": reason, "stack": ""}, retry=False)
    warn(f"the result of {path} is not kept: {kind}: {reason}")
    return _complete(omitted=f"{kind}: {reason}")


def _complete(text=None, omitted=None):
    return {"outcome": "complete", "response_text": text, "response_omitted": omitted}


def _failed(error, retry):
    return {"outcome": "failed", "retry": retry, "error": error}


def run_here(response_id, text, capture):
    """Executes a message in place, outside fnbox, and keeps its outcome (tasks.md W3)."""
    message = _loads(text)
    path = message["task_path"]

    def keep(outcome):
        members = (outcome.get("response_text"), outcome.get("error"))
        local_results.record(response_id, path, outcome["outcome"], *members)

    local_results.record(response_id, path, "in progress", capture=capture)
    try:
        value = run_to_end(_find_here(path)(*message["args"], **message["kwargs"]))
    except BaseException as error:
        keep(to_failure(error))
        if isinstance(error, (SystemExit, KeyboardInterrupt)):
            raise
    else:
        keep(to_outcome(path, value, capture))


def _find_here(path):
    try:
        found = import_and_get_task(path)
    except (ModuleNotFoundError, AttributeError) as error:
        raise TaskNotFound(str(error)) from error
    return getattr(found, "sync", found)


def run_to_end(value):
    """The value of an awaitable, for code that cannot await; other values as they are."""
    if not inspect.isawaitable(value):
        return value
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        loop = _find_loop()
        return asyncio.run(_await(value)) if loop is None else loop.run_until_complete(_await(value))
    return _in_thread(lambda: asyncio.run(_await(value)))


# The instance's loop (tasks.md L9), on its main thread.
def _find_loop():
    if not engine_address() or threading.current_thread() is not threading.main_thread():
        return None
    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:
        return None
    return None if loop.is_closed() else loop


async def _await(value):
    return await value


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
