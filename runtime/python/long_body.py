"""Long texts travel beside the JSON that they belong to, not in it (PROTOCOL.md, "Long texts"). Owns nothing."""

from .channel import parse_json
from .outcome import to_json


def from_parts(body, length):
    """The event of a frame's body, of which the last `length` bytes are a text; None: all of it is JSON."""
    if length is None:
        return parse_json(body.decode())
    end = len(body) - length
    event = parse_json(body[:end].decode())
    event["body"] = body[end:].decode()
    return event


def to_parts(value):
    """A returned value as (JSON, text, size): a long `body` is the text, which else is None; `size` counts both as one JSON.

    Raises what `to_json` does.
    """
    parts = _cut(value) if type(value) is dict else None
    if parts is not None:
        return parts
    whole = to_json(value)
    return whole, None, len(whole)


def _cut(value):
    body = value.get("body")
    if type(body) is not str or len(body) < _SHORTEST:
        return None
    try:
        text = body.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return None
    rest = to_json({**value, "body": ""})
    if rest.count(_MARK) != 1:
        return None
    if b"\\ud" in rest and not text.isascii():  # with a lone surrogate elsewhere all of it would be ASCII, and longer
        return None
    return rest, text, len(rest) + len(text) + _escapes(text)


# How many bytes longer the text is in JSON.
def _escapes(text):
    short = len(text) - len(text.translate(None, _SHORT_ESCAPES))
    return short + 5 * (len(text) - len(text.translate(None, _LONG_ESCAPES)))


_SHORT_ESCAPES = b'"\\\b\f\n\r\t'
_LONG_ESCAPES = bytes(each for each in range(32) if each not in _SHORT_ESCAPES)

# How the JSON shows where the text belongs.
_MARK = b'"body":""'

# Below this the text is cheaper in its place.
_SHORTEST = 16 * 1024
