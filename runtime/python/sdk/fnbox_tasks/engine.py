"""Client of the task engine (tasks.md §12): HTTP to its socket, a connection for each request.

Owns the slots that requests wait for. Any thread may call it.
"""

import http.client
import json
import os
import re
import socket
import threading
import time
from urllib.parse import quote

from .environment import engine_address
from .errors import AsyncException
from .messages import too_large


def dispatch(response_id, service, capture, delay, message):
    """Stores a task; `message` is its text, `capture` a mode of tasks.md O2. Raises AsyncException."""
    document = {
        "id": response_id,
        "service": service,
        "capture": capture,
        "delay_seconds": delay,
        "message": message,
    }
    status, answer = _request("POST", "/v1/tasks", document)
    if status == 413:
        raise too_large(service, response_id=response_id)
    if status not in (200, 202):
        raise _to_error(status, answer, response_id)


def find(response_id, wait=0):
    """The record of a task, None when it is unknown; after up to `wait` seconds, earlier when the task is final.

    Raises AsyncException `wait_deadlock` when the task cannot start before its waiter ends.
    """
    if not _ID.fullmatch(response_id):
        return None
    status, answer = _request("GET", f"/v1/tasks/{response_id}" + (f"?wait={wait:g}" if wait else ""), wait=wait)
    if status == 404:
        return None
    if status == 409:
        raise AsyncException(_message_of(answer) or "", code="wait_deadlock", response_id=response_id)
    if status != 200 or not isinstance(answer, dict):
        raise _to_error(status, answer, response_id)
    return answer


def report_progress(response_id, attempt, text, service):
    """Keeps a progress value; False when the attempt is not the running one."""
    status, answer = _request("POST", f"/v1/tasks/{response_id}/progress", {"attempt": attempt, "value_text": text})
    if status == 413:
        raise too_large(service, response_id=response_id)
    if status not in (204, 404, 409):
        raise _to_error(status, answer, response_id)
    return status == 204


def record(response_id, task_path, status, response_text=None, error=None):
    """Writes the record of a task that this process executes itself (tasks.md M3)."""
    document = {"task_path": task_path, "status": status, "response_text": response_text, "error": error}
    address = quote(response_id, safe="", errors="replace")  # a message may have any text as its id
    code, answer = _request("PUT", f"/v1/tasks/{address}", {k: v for k, v in document.items() if v is not None})
    if code not in (200, 201):
        raise _to_error(code, answer, response_id)


def _to_error(status, answer, response_id):
    text = _message_of(answer) or f"the task engine answers {status}"
    return AsyncException(text, code=_CODES.get(status, "engine_unreachable"), response_id=response_id)


def _message_of(answer):
    error = answer.get("error") if isinstance(answer, dict) else None
    return error.get("message") if isinstance(error, dict) else None


# Gives (status, answer as JSON value). Sends a request whose connection broke once more: all routes are idempotent.
def _request(method, path, document=None, wait=0):
    body = None if document is None else _dumps(document).encode()
    with _waiting_slots if wait else _slots:
        try:
            try:
                status, text = _exchange(_connect(), method, path, body, wait)
            except _Broken:
                status, text = _exchange(_connect(), method, path, body, wait)
            answer = _loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreachable(str(error) or type(error).__name__) from error
    if status >= 500:
        raise _unreachable(_message_of(answer) or f"it answers {status}")
    return status, answer


def _exchange(connected, method, path, body, wait):
    connection = http.client.HTTPConnection("fnbox")
    connection.sock = connected
    connected.settimeout(wait + _ANSWER_SECONDS)
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        try:
            connection.request(method, path, body, {**headers, "Connection": "close"})
        except (BrokenPipeError, ConnectionResetError):
            pass  # an engine that rejects a body may answer before it has read all of it
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(str(error) or type(error).__name__) from error
    finally:
        connection.close()


# A socket whose backlog is full refuses at once; that passes.
def _connect():
    address = engine_address() or ""
    if not address.startswith("unix:"):
        raise OSError("FNBOX_RUNTIME_API names no socket")
    end = time.monotonic() + _CONNECT_SECONDS
    while True:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.settimeout(max(0.001, end - time.monotonic()))
            connected.connect(address[len("unix:") :])
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


# The engine closes what exceeds 64 connections of an instance; waits must leave room for other requests.
def _reset_slots():
    global _slots, _waiting_slots
    _slots = threading.BoundedSemaphore(24)
    _waiting_slots = threading.BoundedSemaphore(32)


_reset_slots()
os.register_at_fork(after_in_child=_reset_slots)  # the threads that hold slots are the parent's

_CODES = {400: "bad_request", 409: "conflict", 413: "payload_too_large", 429: "queue_full"}

# tasks.md H1
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

_CONNECT_SECONDS = 5
_PAUSE_SECONDS = 0.01

# In addition to the wait: a store on a slow disk.
_ANSWER_SECONDS = 30

# The program may replace these later.
_dumps = json.dumps
_loads = json.loads
