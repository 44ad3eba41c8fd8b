"""Output of the function, records of the runtime, and the set-up of the logging module (yandex.md G-7).

Owns the request id of records.
"""

import logging
import os
import sys
import time
from contextvars import ContextVar

# Of an asyncio task, where several jobs run on one loop; of everything else.
_request_id_of_task = ContextVar("request_id", default="")
_request_id = ""


def set_up_logging():
    """The root logger has a handler, so that basicConfig has no effect, and every record has a request id."""
    logging.Logger.makeRecord = _make_record
    handler = logging.StreamHandler(_CurrentOutput())
    handler.setFormatter(_Formatter("[%(levelname)s]\t%(asctime)s\t%(request_id)s\t%(message)s"))
    logging.root.addHandler(handler)


def set_request_id(request_id):
    """Sets the id of following records; "" for none."""
    global _request_id
    _request_id = request_id


def enter_request(request_id):
    """Sets the id of following records of this asyncio task, and of the tasks that it starts."""
    _request_id_of_task.set(request_id)


def flush_output():
    """Writes out all prints (PROTOCOL.md, promise 3). The function may have closed or replaced both streams."""
    try:
        sys.stdout.flush()
    except Exception:
        pass
    try:
        sys.stderr.flush()
    except Exception:
        pass


def report(text):
    """Writes one record of the runtime itself to the original standard error."""
    try:
        os.write(2, _joined(text).encode(errors="replace") + b"\n")
    except OSError:
        pass


# Not a record factory: logging rejects `extra={"request_id": …}` when the factory has set it.
def _make_record(logger, *arguments, **named):
    record = _plain_record(logger, *arguments, **named)
    record.__dict__.setdefault("request_id", _request_id_of_task.get() or _request_id)
    return record


class _Formatter(logging.Formatter):
    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record):
        record.__dict__.setdefault("request_id", _request_id_of_task.get() or _request_id)  # a record that was not made by a logger
        return _joined(super().format(record))


class _CurrentOutput:
    """The current standard output: the function may replace it."""

    def write(self, text):
        sys.stdout.write(text)

    def flush(self):
        sys.stdout.flush()


# Several lines of one record (yandex.md G-1).
def _joined(text):
    return text.replace("\r\n", "\r").replace("\n", "\r")


_plain_record = logging.Logger.makeRecord
