"""What this runtime does for the function's log: hands over what the function wrote, writes records of its own, and sets
up the logging module as the function finds it (yandex.md G-7). Owns the request id that records carry."""

import logging
import os
import sys
import time
from contextvars import ContextVar

# That of the task, where several run on one loop, and that of all the rest.
_own_request_id = ContextVar("request_id", default="")
_request_id = ""


def set_up_logging():
    """The root logger has a handler, so that basicConfig has no effect, and every record has a request id."""
    logging.Logger.makeRecord = _make_record
    handler = logging.StreamHandler(_CurrentOutput())
    handler.setFormatter(_Formatter("[%(levelname)s]\t%(asctime)s\t%(request_id)s\t%(message)s"))
    logging.root.addHandler(handler)


def set_request_id(request_id):
    """From now on records belong to this invocation; "" stands for none."""
    global _request_id
    _request_id = request_id


def enter_request(request_id):
    """From now on records of this task, and of the tasks that it starts, belong to this invocation."""
    _own_request_id.set(request_id)


def flush_output():
    """Hands to the kernel what the function has printed (PROTOCOL.md, promise 3). It may have closed or replaced both."""
    try:
        sys.stdout.flush()
    except Exception:
        pass
    try:
        sys.stderr.flush()
    except Exception:
        pass


def report(text):
    """Writes one record of the runtime itself, whatever the function has made of sys.stderr."""
    try:
        os.write(2, _joined(text).encode(errors="replace") + b"\n")
    except OSError:
        pass  # nobody listens


# Not a record factory: what a function gives as `extra={"request_id": …}` would be refused as one that is there already.
def _make_record(logger, *arguments, **named):
    record = _plain_record(logger, *arguments, **named)
    record.__dict__.setdefault("request_id", _own_request_id.get() or _request_id)
    return record


class _Formatter(logging.Formatter):
    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record):
        record.__dict__.setdefault("request_id", _own_request_id.get() or _request_id)  # a record that no logger has made
        return _joined(super().format(record))


class _CurrentOutput:
    """The standard output of the moment: the function may replace it."""

    def write(self, text):
        sys.stdout.write(text)

    def flush(self):
        sys.stdout.flush()


# Several lines of one record (yandex.md G-1).
def _joined(text):
    return text.replace("\r\n", "\r").replace("\n", "\r")


_plain_record = logging.Logger.makeRecord
