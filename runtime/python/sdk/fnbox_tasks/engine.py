"""What is asked of the engine (tasks.md §12), with its refusals as AsyncException."""

import re
from urllib.parse import quote

from .client import message_of, request
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
    status, answer = request("POST", "/v1/tasks", document)
    if status == 413:
        raise too_large(service, response_id=response_id)
    if status not in (200, 202):
        raise _to_error(status, answer, response_id)


def find(response_id, wait=0):
    """The record of a task, None when it is not known; held for `wait` seconds at most until the task is final.

    Raises AsyncException `wait_deadlock` when the task cannot begin before its waiter ends.
    """
    if not _ID.fullmatch(response_id):
        return None
    status, answer = request("GET", f"/v1/tasks/{response_id}" + (f"?wait={wait:g}" if wait else ""), wait=wait)
    if status == 404:
        return None
    if status == 409:
        raise AsyncException(message_of(answer) or "", code="wait_deadlock", response_id=response_id)
    if status != 200 or not isinstance(answer, dict):
        raise _to_error(status, answer, response_id)
    return answer


def report_progress(response_id, attempt, text, service):
    """Keeps a progress value; False when the attempt is not the running one."""
    status, answer = request("POST", f"/v1/tasks/{response_id}/progress", {"attempt": attempt, "value_text": text})
    if status == 413:
        raise too_large(service, response_id=response_id)
    if status not in (204, 404, 409):
        raise _to_error(status, answer, response_id)
    return status == 204


def record(response_id, task_path, status, response_text=None, error=None):
    """Writes the record of a task that is executed here (tasks.md M3)."""
    document = {"task_path": task_path, "status": status}
    if response_text is not None:
        document["response_text"] = response_text
    if error is not None:
        document["error"] = error
    address = quote(response_id, safe="", errors="replace")  # a message may have any text as its id
    code, answer = request("PUT", f"/v1/tasks/{address}", document)
    if code not in (200, 201):
        raise _to_error(code, answer, response_id)


def _to_error(status, answer, response_id):
    text = message_of(answer) or f"the task engine answers {status}"
    return AsyncException(text, code=_CODES.get(status, "engine_unreachable"), response_id=response_id)


_CODES = {400: "bad_request", 409: "conflict", 413: "payload_too_large", 429: "queue_full"}

# tasks.md H1
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
