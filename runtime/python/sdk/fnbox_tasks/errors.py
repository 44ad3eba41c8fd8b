"""Errors of tasks (tasks.md §6), and warnings about tasks. Owns the warnings that were logged once."""

import logging
import os
import traceback


class AsyncException(Exception):
    """A task could not be dispatched, has failed, or has no result; `code` says which."""

    code = None
    response_id = None
    task_path = None
    error_type = None
    error_message = None
    attempts = None

    def __init__(self, message="", **attributes):
        super().__init__(message)
        self.__dict__.update(attributes)


class UnserializableJsonError(TypeError):
    """JSON cannot hold a value."""


class AsyncSerializationError(AsyncException, UnserializableJsonError):
    """JSON cannot hold the arguments of a task, its progress or its result; the text is JSON's own."""

    code = "not_serializable"


class TaskNotAllowed(AsyncException):
    """A message names code that it may not name (tasks.md X1 to X4)."""

    code = "not_allowed"


class TaskNotFound(Exception):
    """A task's module or function does not exist (tasks.md L5)."""


for _each in (AsyncException, UnserializableJsonError, AsyncSerializationError):
    _each.__module__ = "zappa.asynchronous"  # the name that programs print and pickle


def to_error(error):
    """Gives an exception as the texts `type`, `message` and `stack` (tasks.md E1). Never raises."""
    return {"type": type(error).__name__, "message": to_message(error), "stack": _to_stack(error)}


def to_message(error):
    """The text of an exception. Never raises, even if its `__str__` does."""
    try:
        return str(error)[:_LONGEST_MESSAGE]
    except Exception:
        return "the exception cannot be described"


# Without the runtime's own frames, which come first.
def _to_stack(error):
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_RUNTIME_FOLDER):
        frames = frames.tb_next
    try:
        return "".join(traceback.format_exception(type(error), error, frames))[-_LONGEST_STACK:]
    except Exception:
        return ""


def warn(text):
    """Logs a warning."""
    _log.warning("%s", text)


def warn_once(text):
    """Logs a warning, unless this process has logged the same one before."""
    if text not in _logged:
        _logged.add(text)
        warn(text)


_log = logging.getLogger("zappa.asynchronous")
_logged = set()

_RUNTIME_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "")

_LONGEST_MESSAGE = 8192
_LONGEST_STACK = 65_536
