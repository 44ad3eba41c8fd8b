"""Records of tasks that ran in this process, outside fnbox (tasks.md W3). Owns them."""

import os
import threading
import time
from collections import OrderedDict


def record(response_id, task_path, status, response_text=None, error=None, capture="on"):
    """Writes the record of a task, with the members of the engine's records that reading needs."""
    members = {"status": status, "response_text": response_text, "error": error}
    with _changed:
        if status == "in progress":
            _records[response_id] = {**members, "task_path": task_path, "capture": capture, "attempts": [{}]}
            return
        _records[response_id].update(members, expires=time.time() + _RETENTION_SECONDS)
        _records.move_to_end(response_id)
        final = [each for each, found in _records.items() if "expires" in found]
        for each in final[: max(0, len(final) - _KEPT)]:
            del _records[each]
        _changed.notify_all()


def find(response_id, wait=0):
    """The record of a task, None when it is unknown; after up to `wait` seconds, earlier when the task is final."""
    with _changed:
        _changed.wait_for(lambda: "expires" in _records.get(response_id, {"expires": 0}), wait)
        found = _records.get(response_id)
        if found is not None and found.get("expires", time.time() + 1) <= time.time():
            del _records[response_id]
            return None
        return found and dict(found)


def _reset_lock():
    global _changed
    _changed = threading.Condition()


_records = OrderedDict()
_reset_lock()
os.register_at_fork(after_in_child=_reset_lock)  # a thread of the parent may hold it

_KEPT = 1000
_RETENTION_SECONDS = 600
