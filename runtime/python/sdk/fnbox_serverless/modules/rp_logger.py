"""RunPodLogger (jobs.md §10.7, W-18): lines on the standard output, from one object that owns the level."""

import json
import os


class RunPodLogger:
    """Every construction gives the same object."""

    _instance = None

    def __new__(cls):
        if RunPodLogger._instance is None:
            RunPodLogger._instance = super().__new__(cls)
            RunPodLogger._instance.level = _level_of_environment()
        return RunPodLogger._instance

    def set_level(self, new_level):
        """Takes a level by its name or its number. Raises ValueError."""
        self.level = _to_level(new_level)
        self.info(f"Log level set to {self.level}")

    def log(self, message, message_level="INFO", request_id=None, job_id=None):
        """Writes one line, unless its level is below that of the logger. `job_id` is the older name of `request_id`."""
        if not self._shows(message_level):
            return
        request_id = job_id if request_id is None else request_id
        text = _shorten(str(message))
        if os.environ.get("RUNPOD_ENDPOINT_ID"):
            line = json.dumps({"requestId": request_id, "message": text, "level": message_level})
        else:
            line = f"{message_level.ljust(7)}| {f'{request_id} | ' if request_id else ''}{text}"
        print(line, flush=True)

    def secret(self, secret_name, secret):
        """Writes a secret with all but its first and last character hidden."""
        text = str(secret)
        self.info(f"{secret_name}: {text[0]}{'*' * (len(text) - 2)}{text[-1]}" if len(text) > 2 else f"{secret_name}: **")

    def debug(self, message, request_id=None, job_id=None):
        self.log(message, "DEBUG", request_id, job_id)

    def info(self, message, request_id=None, job_id=None):
        self.log(message, "INFO", request_id, job_id)

    def warn(self, message, request_id=None, job_id=None):
        self.log(message, "WARN", request_id, job_id)

    def error(self, message, request_id=None, job_id=None):
        self.log(message, "ERROR", request_id, job_id)

    def trace(self, message, request_id=None, job_id=None):
        self.log(message, "TRACE", request_id, job_id)

    def tip(self, message):
        """Shown at every level but NOTSET."""
        self.log(message, "TIP")

    def _shows(self, level):
        if self.level == "NOTSET":
            return False
        return level == "TIP" or LOG_LEVELS.index(level) >= LOG_LEVELS.index(self.level)


def _level_of_environment():
    wanted = os.environ.get("RUNPOD_LOG_LEVEL") or os.environ.get("RUNPOD_DEBUG_LEVEL") or "DEBUG"
    return _to_level(int(wanted) if wanted.isdigit() else wanted)


def _to_level(wanted):
    if isinstance(wanted, str) and wanted.upper() in LOG_LEVELS:
        return wanted.upper()
    if isinstance(wanted, int) and 0 <= wanted < len(LOG_LEVELS):
        return LOG_LEVELS[wanted]
    raise ValueError(f"Invalid debug level: {wanted}")


def _shorten(text):
    excess = len(text) - MAX_MESSAGE_LENGTH
    if excess <= 0:
        return text
    half = MAX_MESSAGE_LENGTH // 2
    return f"{text[:half]}\n...TRUNCATED {excess} CHARACTERS...\n{text[-half:]}"


#: in rising order
LOG_LEVELS = ["NOTSET", "TRACE", "DEBUG", "INFO", "WARN", "ERROR"]

MAX_MESSAGE_LENGTH = 4096
