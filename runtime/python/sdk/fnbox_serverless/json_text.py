"""Values of a program as JSON text (jobs.md W-11)."""

import json
import re

from .modules.rp_logger import RunPodLogger


class NotJson(Exception):
    """JSON cannot hold the value; the text names its type."""


def to_json(value, job_id=None):
    """The JSON text of a value as bytes, on one line. Raises NotJson.

    What JSON cannot spell is replaced, with a warning in the log: NaN and infinities by null, lone surrogates by U+FFFD.
    """
    try:
        return _dump(value, False).encode()
    except (TypeError, ValueError, RecursionError):  # UnicodeEncodeError is a ValueError
        pass
    try:
        text = _dump(value, True)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJson(f"{error} (in a value of type {type(value).__name__})") from error
    _log.warn("NaN, infinities and lone surrogates are replaced in a value: JSON cannot hold them", job_id)
    text = _TOKENS.sub(_replace, text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _dump(value, allow_nan):
    return _dumps(value, ensure_ascii=False, allow_nan=allow_nan, separators=(",", ":"))


def _replace(token):
    return token.group() if token.group().startswith('"') else "null"


_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity')

# The program may replace it later.
_dumps = json.dumps

_log = RunPodLogger()
