"""What a handler gave or raised, as it goes over the wire (PROTOCOL.md; yandex.md F-30, K-10)."""

import json
import os
import traceback


def to_json(value):
    """The JSON text of a value as bytes. Raises TypeError or ValueError when JSON cannot hold it (yandex.md F-7)."""
    try:
        return _dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can spell and UTF-8 cannot.
        return _dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()


def to_chunk(value):
    """A yielded value as (kind, bytes): text and bytes as they are, all else as JSON."""
    if isinstance(value, str):
        return "text", value.encode(errors="replace")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes", bytes(value)
    return "json", to_json(value)


def to_user_error(error):
    """An exception as the caller will see it. Never raises, whatever the exception does when it is looked at."""
    return {
        "errorMessage": _message(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_list(_frames_of_invocation(error)),
    }


def to_load_error(error):
    """An exception of the function's import, with the user's own frames."""
    frames = [each for each in _frames(error) if not _is_runtime(each) and not each.filename.startswith("<frozen ")]
    described = {"errorMessage": _message(error), "errorType": type(error).__name__}
    return {**described, "stackTrace": traceback.format_list(frames)} if frames else described


def _message(error):
    try:
        text = str(error)
        return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"
    except Exception:
        return "the exception cannot be described"


# One frame of the runtime comes first, named `handle_event`; all others are left out (yandex.md F-32).
def _frames_of_invocation(error):
    frames = _frames(error)
    entries = [index for index, each in enumerate(frames) if _is_runtime(each) and each.name == "handle_event"]
    if not entries:
        return [each for each in frames if not _is_runtime(each)]
    return [frames[entries[0]], *(each for each in frames[entries[0] + 1 :] if not _is_runtime(each))]


def _frames(error):
    return list(traceback.extract_tb(error.__traceback__))


def _is_runtime(frame):
    return frame.filename.startswith(_RUNTIME_FOLDER)


_RUNTIME_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")

# No message may fill a frame.
_LONGEST_MESSAGE = 65_536

# The function may replace it later.
_dumps = json.dumps
