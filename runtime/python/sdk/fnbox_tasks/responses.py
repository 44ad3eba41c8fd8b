"""Response objects, which send tasks and wait for them (tasks.md §4), and `get_async_response` (§3.5)."""

import json
import time
import uuid

from . import engine, local_results
from .allowlist import check_path
from .environment import engine_address
from .errors import AsyncException
from .execution import run_here
from .messages import COMMANDS, to_message, to_text


def get_async_response(response_id):
    """The state of a task, at once: None, or a dict of `status` and `response`. Raises AsyncException `task_failed`."""
    record = _find(str(response_id))
    if record is None or record.get("capture") == "off":
        return None
    if record["status"] == "in progress":
        text = record.get("progress_text")
        return {"status": "in progress", "response": "N/A" if text is None else _loads(text)}
    return {"status": "complete", "response": _to_value(response_id, record)}


class _Default(int):
    """`True` that was not given as an argument (tasks.md O2)."""

    def __repr__(self):
        return "True"


_DEFAULT = _Default(True)


class LambdaAsyncResponse:
    """A task of the service `lambda`."""

    _service = "lambda"
    _was_sent = False
    _capture = "on"
    _delay = 0

    def __init__(self, lambda_function_name=None, aws_region=None, capture_response=_DEFAULT, **kwargs):
        """Of the other keywords `delay_seconds` counts, and `arn` with SNS. Raises ValueError for a wrong delay."""
        self._delay = kwargs.get("delay_seconds", 0)
        check_delay(self._delay)
        self._capture = "default" if capture_response is _DEFAULT else "on"
        self.lambda_function_name = lambda_function_name
        self.aws_region = aws_region
        self.capture_response = bool(capture_response)
        self.response_id = str(uuid.uuid4())
        self.client = object()

    def send(self, task_path, args, kwargs):
        """Dispatches the task; outside fnbox it is final then. Gives this object. Raises AsyncException."""
        if engine_address():
            _check_importable(task_path)
        response_id = self.response_id if self.capture_response else None
        self._send(to_message(task_path, response_id, args, kwargs))
        self._was_sent = True
        return self

    def wait(self, timeout=None):
        """Blocks until the task is final, `timeout` seconds at most, and gives its value (tasks.md C2).

        Raises AsyncException `task_failed`, `wait_timeout`, `wait_deadlock`, `not_found` and `not_sent`.
        """
        if not self._was_sent:
            raise AsyncException("wait() was called before send()", code="not_sent", response_id=self.response_id)
        end = None if timeout is None else time.monotonic() + max(0, timeout)
        while True:
            left = _LONGEST_WAIT if end is None else max(0, end - time.monotonic())
            record = _find(self.response_id, min(left, _LONGEST_WAIT))
            if record is None:
                raise AsyncException("the task is not known", code="not_found", response_id=self.response_id)
            if record["status"] != "in progress":
                return _to_value(self.response_id, record)
            if end is not None and time.monotonic() >= end:
                text = f"the task has not ended within {timeout} seconds"
                raise AsyncException(text, code="wait_timeout", response_id=self.response_id)

    def _send(self, message):
        self._dispatch(message)
        self.response = {"StatusCode": 202}
        self.sent = True

    def _dispatch(self, message):
        message["command"] = COMMANDS[self._service]
        text = to_text(message, self._service)
        capture = self._capture if self.capture_response else "off"
        if engine_address():
            engine.dispatch(self.response_id, self._service, capture, self._delay, text)
        else:
            run_here(self.response_id, text, capture)


class SnsAsyncResponse(LambdaAsyncResponse):
    """A task of the service `sns`."""

    _service = "sns"

    def __init__(self, lambda_function_name=None, aws_region=None, capture_response=_DEFAULT, **kwargs):
        super().__init__(lambda_function_name, aws_region, capture_response, **kwargs)
        default = f"arn:aws:sns:{aws_region or 'local'}:000000000000:{lambda_function_name}-zappa-async"
        self.arn = kwargs.get("arn") or default

    def _send(self, message):
        self._dispatch(message)
        self.response = {"MessageId": self.response_id}
        self.sent = self.response_id


for _each in (LambdaAsyncResponse, SnsAsyncResponse):
    _each.__module__ = "zappa.asynchronous"  # the name that programs print and pickle


def check_delay(seconds):
    """Raises ValueError for anything but a delay (tasks.md O4)."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= _LONGEST_DELAY:
        raise ValueError(f"delay_seconds is {seconds!r}; it must be a number from 0 to {_LONGEST_DELAY}")


# tasks.md P4
def _check_importable(task_path):
    try:
        check_path(task_path)
    except (AsyncException, ModuleNotFoundError) as error:
        text = f"{task_path} cannot be a task: {error}"
        raise AsyncException(text, code="not_importable", task_path=task_path) from error


def _find(response_id, wait=0):
    return (engine if engine_address() else local_results).find(response_id, wait)


def _to_value(response_id, record):
    if record["status"] == "failed":
        raise _to_exception(response_id, record)
    text = record.get("response_text")
    return None if text is None else _loads(text)


def _to_exception(response_id, record):
    path, error = record["task_path"], record.get("error") or {}
    return AsyncException(
        f"{path}: {error.get('type')}: {error.get('message')}",
        code="task_failed",
        response_id=response_id,
        task_path=path,
        error_type=error.get("type"),
        error_message=error.get("message"),
        attempts=len([each for each in record.get("attempts", []) if each.get("outcome") != "interrupted"]),
    )


_LONGEST_DELAY = 604_800

# The engine delays an answer by no more.
_LONGEST_WAIT = 30

# The program may replace it later.
_loads = json.loads
