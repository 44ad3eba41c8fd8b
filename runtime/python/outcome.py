"""Results and errors of a handler, as they are sent (PROTOCOL.md; yandex.md F-30, K-10)."""

import json
import os
import traceback
from types import AsyncGeneratorType, GeneratorType


def to_json(value):
    """The JSON text of a value as bytes. Raises TypeError or ValueError when JSON cannot hold it (yandex.md F-7)."""
    try:
        return "".join(_encode(value, 0)).encode()
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can spell and UTF-8 cannot.
        return _ascii_encoder.encode(value).encode()
    except BaseException:
        _being_encoded.clear()
        raise


def is_awaitable(value):
    """As inspect.isawaitable; inspect takes long to import."""
    return hasattr(type(value), "__await__") or (
        isinstance(value, GeneratorType) and bool(value.gi_code.co_flags & _CO_ITERABLE_COROUTINE)
    )


def is_generator(value):
    """Whether it is from a `def` with `yield`."""
    return isinstance(value, GeneratorType)


def is_async_generator(value):
    """Whether it is from an `async def` with `yield`."""
    return isinstance(value, AsyncGeneratorType)


def to_chunk(value):
    """A yielded value as (kind, bytes): text and bytes as they are, all else as JSON."""
    if isinstance(value, str):
        return "text", value.encode(errors="replace")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes", bytes(value)
    return "json", to_json(value)


def to_user_error(error):
    """An exception as the caller will see it. Never raises, even if the exception's methods do."""
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


# Starts with the runtime's frame `handle_event`, without all others of the runtime (yandex.md F-32).
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

# The flag that types.coroutine sets.
_CO_ITERABLE_COROUTINE = 0x100

# A message must not fill a frame.
_LONGEST_MESSAGE = 65_536

# json.dumps would make one for each value.
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ascii_encoder = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))

# Ids of the containers around a value: a cycle is an error.
_being_encoded = {}


# `_encoder.encode` would make all of this for each value, too.
def _to_encode():
    make, text = json.encoder.c_make_encoder, json.encoder.encode_basestring
    if make is None:  # a Python without the module in C
        return lambda value, _: (_encoder.encode(value),)
    # The last three: keys are not sorted, none is skipped, NaN is an error.
    return make(_being_encoded, _encoder.default, text, None, ":", ",", False, False, False)


_encode = _to_encode()
