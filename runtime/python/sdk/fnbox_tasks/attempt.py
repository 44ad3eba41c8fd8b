"""One attempt of a task of the engine, from the message that delivers it to the answer (tasks.md §12, H3)."""

import json

from .errors import TaskNotAllowed, TaskNotFound
from .execution import to_end, to_failure
from .limits import check_command, load_task
from .progress import RunningTask, running


class Attempt:
    """`begin` within `running`, then `complete` or `fail`. `limit`: most characters of the value's text."""

    def __init__(self, delivery, limit):
        self._delivery = delivery
        self._limit = limit
        self._path = None

    def running(self):
        """The context in which the task's code has to run."""
        given = self._delivery
        task = RunningTask(given["id"], given["attempt"], given["service"], given["capture"], self._limit)
        return running(task)

    def begin(self):
        """Calls the function; the value may be an awaitable. Raises what the function or its import raises."""
        try:
            message = _loads(self._delivery["message"])
            self._path, args, kwargs = message["task_path"], message["args"], message["kwargs"]
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise TaskNotAllowed(f"the message is not that of a task: {error!r}") from error
        check_command(message.get("command"), self._delivery["service"])
        return load_task(self._path, missing=TaskNotFound)(*args, **kwargs)

    def complete(self, value):
        """The answer with the task's value."""
        return _to_answer(to_end(self._path, value, self._delivery["capture"], self._limit))

    def fail(self, error):
        """The answer with what the task has raised."""
        return _to_answer(to_failure(error))


def _to_answer(end):
    if end.error is not None:
        return {"outcome": "failed", "retry": end.retry, "error": end.error}
    return {"outcome": "complete", "response_text": end.text, "response_omitted": end.omitted}


# The function may replace it later.
_loads = json.loads
