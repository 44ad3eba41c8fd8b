"""Long bodies travel beside the JSON that they belong to, not in it (PROTOCOL.md, "Long texts")."""

from .channel import parse_json
from .outcome import to_json


def from_parts(body, length):
    """The event of a frame's body, whose last `length` bytes are a text; None if all of it is JSON."""
    if length is None:
        return parse_json(body.decode())
    end = len(body) - length
    event = parse_json(body[:end].decode())
    event["body"] = body[end:].decode()
    return event


def to_parts(value):
    """A returned value as (JSON, text, size): the text is a long `body` or None; `size` is that of one JSON with both.

    Raises what `to_json` does.
    """
    parts = _split(value) if type(value) is dict else None
    if parts is not None:
        return parts
    whole = to_json(value)
    return whole, None, len(whole)


def _split(value):
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
    if b"\\ud" in rest and not text.isascii():  # a lone surrogate elsewhere makes one JSON ASCII, and longer
        return None
    return rest, text, len(rest) + len(text) + _escapes(text)


# By how many bytes the text is longer in JSON.
def _escapes(text):
    short = len(text) - len(text.translate(None, _SHORT_ESCAPES))
    return short + 5 * (len(text) - len(text.translate(None, _LONG_ESCAPES)))


_SHORT_ESCAPES = b'"\\\b\f\n\r\t'
_LONG_ESCAPES = bytes(each for each in range(32) if each not in _SHORT_ESCAPES)

# The place of the text in the JSON.
_MARK = b'"body":""'

# Shorter texts are cheaper in the JSON.
_SHORTEST = 16 * 1024
