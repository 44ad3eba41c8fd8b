"""HTTP to the engine's socket (tasks.md §12): a connection for each request. Owns the seats that requests wait for."""

import http.client
import json
import os
import socket
import threading
import time

from .errors import AsyncException
from .surroundings import engine_address


def request(method, path, document=None, wait=0):
    """Sends one request and gives (status, answer as JSON value; None when it has no body).

    `wait`: so many seconds the engine may hold its answer. Any thread may call it. One whose connection broke is sent
    once more: all routes bear that. Raises AsyncException `engine_unreachable`, also for an answer of 500 and above.
    """
    body = None if document is None else _dumps(document).encode()
    with _waiting_seats if wait else _seats:
        try:
            status, text = _try_twice(method, path, body, wait)
            answer = _loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreachable(str(error) or type(error).__name__) from error
    if status >= 500:
        raise _unreachable(message_of(answer) or f"it answers {status}")
    return status, answer


def message_of(answer):
    """The text of an error's answer, None when it has none."""
    error = answer.get("error") if isinstance(answer, dict) else None
    return error.get("message") if isinstance(error, dict) else None


def _try_twice(method, path, body, wait):
    try:
        return _exchange(_connect(), method, path, body, wait)
    except _Broken:
        return _exchange(_connect(), method, path, body, wait)


def _exchange(connected, method, path, body, wait):
    connection = http.client.HTTPConnection("fnbox")
    connection.sock = connected
    connected.settimeout(wait + _ANSWER_SECONDS)
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        try:
            connection.request(method, path, body, {**headers, "Connection": "close"})
        except (BrokenPipeError, ConnectionResetError):
            pass  # an engine that refuses a body need not read all of it before it answers
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(str(error) or type(error).__name__) from error
    finally:
        connection.close()


# A socket whose backlog is full refuses at once; that passes.
def _connect():
    address = engine_address() or ""
    if not address.startswith(_SCHEME):
        raise OSError("FNBOX_RUNTIME_API names no socket")
    end = time.monotonic() + _CONNECT_SECONDS
    while True:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.settimeout(max(0.001, end - time.monotonic()))
            connected.connect(address[len(_SCHEME) :])
            return connected
        except BlockingIOError:
            connected.close()
            if time.monotonic() >= end:
                raise
            time.sleep(_PAUSE_SECONDS)
        except BaseException:
            connected.close()
            raise


def _unreachable(reason):
    return AsyncException(f"the task engine cannot be reached: {reason}", code="engine_unreachable")


class _Broken(OSError):
    """The connection was there, and ended before the answer did."""


# The engine closes what exceeds 64 connections of an instance; those that wait must not keep others out.
def _provide_seats():
    global _seats, _waiting_seats
    _seats = threading.BoundedSemaphore(24)
    _waiting_seats = threading.BoundedSemaphore(32)


_provide_seats()
os.register_at_fork(after_in_child=_provide_seats)  # what the parent's threads hold is nobody's there

_SCHEME = "unix:"

_CONNECT_SECONDS = 5
_PAUSE_SECONDS = 0.01

# Beyond what was asked to be held: a store on a slow disk.
_ANSWER_SECONDS = 30

# The program may replace these later.
_dumps = json.dumps
_loads = json.loads
