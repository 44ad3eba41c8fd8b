"""Values of a program as JSON text (jobs.md W-11, VAL-1)."""

import dataclasses
import enum
import json
import re
import sys

from .modules.rp_logger import RunPodLogger


class NotJson(Exception):
    """JSON cannot hold the value; the text names the type and the path of the wrong part."""


def to_json(value, job_id=None):
    """The JSON text of a value as bytes, on one line. Raises NotJson.

    Replaces what JSON lacks, with a warning in the log: NaN and infinities by null, lone surrogates by U+FFFD.
    """
    try:
        return _dump(value, False).encode()
    except (TypeError, ValueError, RecursionError):  # UnicodeEncodeError is a ValueError
        pass
    try:
        text = _dump(value, True)
    except (TypeError, ValueError, RecursionError) as error:
        path = _path_to_fault(value, _LONGEST_PATH)
        raise NotJson(f"{error} (in a value of type {type(value).__name__}){path and f', at {path}'}") from error
    _log.warn("NaN, infinities and lone surrogates are replaced in a value: JSON cannot hold them", job_id)
    text = _TOKENS.sub(_replace, text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _dump(value, allow_nan):
    return _dumps(value, ensure_ascii=False, allow_nan=allow_nan, separators=(",", ":"), default=_to_plain)


# jobs.md VAL-1
def _to_plain(value):
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if hasattr(type(value), "model_dump"):  # pydantic
        return value.model_dump(mode="json")
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return value.item()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


# As `['a'][0]`; empty for the value itself.
def _path_to_fault(value, longest):
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    for key, part in pairs if longest > 0 else ():
        try:
            _dump(part, True)
        except (TypeError, ValueError, RecursionError):
            return f"[{key!r}]{_path_to_fault(part, longest - 1)}"
    return ""


def _replace(token):
    return token.group() if token.group().startswith('"') else "null"


_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity')

_LONGEST_PATH = 20

# The program may replace it later.
_dumps = json.dumps

_log = RunPodLogger()
