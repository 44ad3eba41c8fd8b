"""What a dispatch gives: the object that sends a task and waits for it (tasks.md §4)."""

import time
import uuid

from . import engine
from .errors import AsyncException
from .execution import run_here
from .limits import check_path
from .messages import COMMANDS, to_message, to_text
from .options import check_delay
from .reading import find, to_value
from .surroundings import engine_address


class _Unsaid(int):
    """`True` that nobody has given: the task is not captured by name (tasks.md O2)."""

    def __repr__(self):
        return "True"


_UNSAID = _Unsaid(True)


class LambdaAsyncResponse:
    """A task of the service `lambda`."""

    _service = "lambda"
    _was_sent = False
    _capture = "on"
    _delay = 0

    def __init__(self, lambda_function_name=None, aws_region=None, capture_response=_UNSAID, **kwargs):
        """Of the other keywords `delay_seconds` counts, and `arn` with SNS. Raises ValueError for a wrong delay."""
        self._delay = kwargs.get("delay_seconds", 0)
        check_delay(self._delay)
        self._capture = "default" if capture_response is _UNSAID else "on"
        self.lambda_function_name = lambda_function_name
        self.aws_region = aws_region
        self.capture_response = bool(capture_response)
        self.response_id = str(uuid.uuid4())
        self.client = object()

    def send(self, task_path, args, kwargs):
        """Hands the task over; outside of fnbox it is then over. Gives this object. Raises AsyncException."""
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
            left = _LONGEST_SLICE if end is None else max(0, end - time.monotonic())
            record = find(self.response_id, min(left, _LONGEST_SLICE))
            if record is None:
                raise AsyncException("the task is not known", code="not_found", response_id=self.response_id)
            if record["status"] != "in progress":
                return to_value(self.response_id, record)
            if end is not None and time.monotonic() >= end:
                text = f"the task has not ended within {timeout} seconds"
                raise AsyncException(text, code="wait_timeout", response_id=self.response_id)

    def _send(self, message):
        self._hand_over(message)
        self.response = {"StatusCode": 202}
        self.sent = True

    def _hand_over(self, message):
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

    def __init__(self, lambda_function_name=None, aws_region=None, capture_response=_UNSAID, **kwargs):
        super().__init__(lambda_function_name, aws_region, capture_response, **kwargs)
        default = f"arn:aws:sns:{aws_region or 'local'}:000000000000:{lambda_function_name}-zappa-async"
        self.arn = kwargs.get("arn") or default

    def _send(self, message):
        self._hand_over(message)
        self.response = {"MessageId": self.response_id}
        self.sent = self.response_id


# tasks.md P4
def _check_importable(task_path):
    try:
        check_path(task_path)
    except (AsyncException, ModuleNotFoundError) as error:
        text = f"{task_path} cannot be a task: {error}"
        raise AsyncException(text, code="not_importable", task_path=task_path) from error


for _each in (LambdaAsyncResponse, SnsAsyncResponse):
    _each.__module__ = "zappa.asynchronous"  # so that it is printed and pickled by the name that programs know

# As long as the engine may hold an answer.
_LONGEST_SLICE = 30
