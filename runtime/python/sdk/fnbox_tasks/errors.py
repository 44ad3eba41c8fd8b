"""What goes wrong with tasks (tasks.md §6), and how errors of a task are told."""

import os
import traceback


class AsyncException(Exception):
    """A task could not be handed over, has failed, or has no result; `code` says which."""

    code = None
    response_id = None
    task_path = None
    error_type = None
    error_message = None
    attempts = None

    def __init__(self, message="", **attributes):
        super().__init__(message)
        for name, value in attributes.items():
            setattr(self, name, value)


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
    _each.__module__ = "zappa.asynchronous"  # so that it is printed and pickled by the name that programs know


def to_error(error):
    """An exception as `type`, `message` and `stack`, texts (tasks.md E1). Never raises."""
    return {"type": type(error).__name__, "message": to_message(error), "stack": _to_stack(error)}


def to_message(error):
    """The text of an exception, whatever it does when it is asked."""
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


_RUNTIME_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "")

_LONGEST_MESSAGE = 8192
_LONGEST_STACK = 65_536
