"""One attempt of a task of the engine, from its delivery to its outcome (tasks.md §12, H3), and its progress (U1).

Owns the attempts that run in this process, and which one the running code belongs to.
"""

import json
import threading
from contextlib import contextmanager
from contextvars import ContextVar

from . import engine
from .allowlist import check_command, load_task
from .errors import TaskNotAllowed, TaskNotFound
from .execution import to_outcome
from .messages import dump, too_large


class Attempt:
    """`start` within `running`, then `complete`. `limit`: most characters of a value's text."""

    def __init__(self, delivery, limit):
        self.id = delivery["id"]
        self.number = delivery["attempt"]
        self.service = delivery["service"]
        self.capture = delivery["capture"]
        self.limit = limit
        self._message = delivery["message"]
        self._path = None

    @contextmanager
    def running(self):
        """Within, and in the tasks that start there, code belongs to this attempt."""
        _running.append(self)
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)
            _running.remove(self)

    def start(self):
        """Calls the function; the value may be an awaitable. Raises what the function or its import raises."""
        try:
            message = _loads(self._message)
            self._path, args, kwargs = message["task_path"], message["args"], message["kwargs"]
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise TaskNotAllowed(f"the message is not that of a task: {error!r}") from error
        check_command(message.get("command"), self.service)
        return load_task(self._path, missing=TaskNotFound)(*args, **kwargs)

    def complete(self, value):
        """The outcome with the task's value."""
        return to_outcome(self._path, value, self.capture, self.limit)


def update_progress(value):
    """Shows `value` as the response of the task while it runs; False outside a task and in mode `off`.

    Raises AsyncSerializationError, AsyncException `payload_too_large` and `engine_unreachable`.
    """
    attempt = _current.get() or _find_for_thread()
    if attempt is None or attempt.capture == "off":
        return False
    text = dump(value, response_id=attempt.id)
    if len(text) > attempt.limit:
        raise too_large(attempt.service, response_id=attempt.id)
    return engine.report_progress(attempt.id, attempt.number, text, attempt.service)


# A thread without a context belongs to the only running task. The main thread without one runs a job or a request.
def _find_for_thread():
    is_main = threading.current_thread() is threading.main_thread()
    return _running[0] if len(_running) == 1 and not is_main else None


_current = ContextVar("fnbox_task", default=None)
_running = []

# The function may replace it later.
_loads = json.loads
