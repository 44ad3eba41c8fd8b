"""`get_async_response` (tasks.md §3.5), and what records of tasks mean."""

import json

from . import engine, store
from .errors import AsyncException
from .surroundings import engine_address


def get_async_response(response_id):
    """What is known of a task, at once: None, or a dict of `status` and `response`. Raises AsyncException `task_failed`."""
    record = find(str(response_id))
    if record is None or record.get("capture") == "off":
        return None
    if record["status"] == "in progress":
        text = record.get("progress_text")
        return {"status": "in progress", "response": "N/A" if text is None else _loads(text)}
    return {"status": "complete", "response": to_value(response_id, record)}


def find(response_id, wait=0):
    """The record of a task, None when it is not known; held for `wait` seconds at most until the task is final."""
    return (engine if engine_address() else store).find(response_id, wait)


def to_value(response_id, record):
    """The value of a final task. Raises AsyncException `task_failed`."""
    if record["status"] == "failed":
        raise _to_failure(response_id, record)
    text = record.get("response_text")
    return None if text is None else _loads(text)


def _to_failure(response_id, record):
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


# The program may replace it later.
_loads = json.loads
