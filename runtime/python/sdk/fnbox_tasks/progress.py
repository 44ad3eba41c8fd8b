"""`update_progress` (tasks.md §3.7). Owns which tasks of the engine run in this process, and whose code it is that runs."""

import threading
from contextlib import contextmanager
from contextvars import ContextVar

from . import engine
from .messages import dump, too_large

_current = ContextVar("fnbox_task", default=None)
_running = []


class RunningTask:
    """An attempt of a task. `limit`: most characters of a value's text."""

    def __init__(self, task_id, attempt, service, capture, limit):
        self.id = task_id
        self.attempt = attempt
        self.service = service
        self.capture = capture
        self.limit = limit


@contextmanager
def running(task):
    """Within, and in whatever starts there, code belongs to this task."""
    _running.append(task)
    token = _current.set(task)
    try:
        yield
    finally:
        _current.reset(token)
        _running.remove(task)


def update_progress(value):
    """Shows `value` as the response of the task for as long as it runs; False where there is nothing to show it for.

    Raises AsyncSerializationError, AsyncException `payload_too_large` and `engine_unreachable`.
    """
    task = _current.get() or _find_for_thread()
    if task is None or task.capture == "off":
        return False
    text = dump(value, response_id=task.id)
    if len(text) > task.limit:
        raise too_large(task.service, response_id=task.id)
    return engine.report_progress(task.id, task.attempt, text, task.service)


# A thread that somebody has started knows of no task; what runs on the main thread without one is none, but a job.
def _find_for_thread():
    started = threading.current_thread() is not threading.main_thread()
    return _running[0] if started and len(_running) == 1 else None
