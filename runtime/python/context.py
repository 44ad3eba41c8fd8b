"""The second argument of a handler (yandex.md §9)."""

import time


class Context:
    """vars() of it has exactly the keys of yandex.md C-2."""

    def __init__(self, identity, frame):
        request_id = frame["id"]
        self.request_id = request_id
        self.aws_request_id = request_id
        self.function_name = identity["id"]
        self.invoked_function_arn = identity["id"]
        self.function_version = identity["version"]
        self.log_stream_name = identity["version"]
        if "folderId" in identity:
            self.function_folder_id = identity["folderId"]
        self.memory_limit_in_mb = identity["memoryMb"]
        self.deadline_ms = _deadline_of(frame)
        self.log_group_name = identity["logGroup"]
        self.token = frame.get("token")

    def get_remaining_time_in_millis(self):
        """Milliseconds to the deadline, never below 0."""
        return max(0, self.deadline_ms - int(_time() * 1000))


# The deadline of a call sent ahead counts from its start, which is now.
def _deadline_of(frame):
    return int(_time() * 1000) + frame["timeoutMs"] if frame.get("ahead") is True else frame["deadlineMs"]


# The function may replace it later.
_time = time.time
