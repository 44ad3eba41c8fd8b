"""Records of tasks that ran in this process, outside of fnbox (tasks.md W3). Owns them."""

import os
import threading
import time
from collections import OrderedDict


def begin(response_id, task_path, capture):
    """A task begins; records have the members of the engine's that reading needs."""
    with _changed:
        _records[response_id] = {
            "status": "in progress",
            "task_path": task_path,
            "capture": capture,
            "attempts": [{}],
            "response_text": None,
            "progress_text": None,
            "error": None,
        }


def end(response_id, **members):
    """A task has ended: its `status` with `response_text` or `error`."""
    with _changed:
        _records[response_id].update(members, expires=time.time() + _RETENTION_SECONDS)
        _records.move_to_end(response_id)
        final = [each for each, record in _records.items() if "expires" in record]
        for each in final[: max(0, len(final) - _KEPT)]:
            del _records[each]
        _changed.notify_all()


def find(response_id, wait=0):
    """The record of a task, None when it is not known; after `wait` seconds at most until the task is final."""
    with _changed:
        _changed.wait_for(lambda: "expires" in _records.get(response_id, {"expires": 0}), wait)
        record = _records.get(response_id)
        if record is not None and record.get("expires", time.time() + 1) <= time.time():
            del _records[response_id]
            return None
        return record and dict(record)


def _renew():
    global _changed
    _changed = threading.Condition()


_records = OrderedDict()
_renew()
os.register_at_fork(after_in_child=_renew)  # a thread of the parent may hold it

_KEPT = 1000
_RETENTION_SECONDS = 600
