"""Calls sent ahead (PROTOCOL.md): the permit and the border in the output that they need before they start.

Owns the identities of the files that the standard streams were at the start.
"""

import os
import select


def prepare():
    """Keeps the permits from programs that the function starts."""
    try:
        os.set_inheritable(_PERMITS, False)
        os.register_at_fork(after_in_child=_close_permits)
    except OSError:
        pass


def may_start(call):
    """Whether a call may start: one that was sent ahead takes a permit. Called in the order of the calls."""
    if not call.ahead:
        return True
    if not call.permitted:
        call.permitted = _take_permit()
    return call.permitted


def _take_permit():
    try:
        return _read(_PERMITS, 1) != b""
    except OSError:
        return False


class Border:
    """The text that divides the output of two calls, if any."""

    def __init__(self, text):
        self._text = None if text is None else text.encode()
        self._streams = [] if text is None else [(each, _file_of(each)) for each in (1, 2)]

    def write(self):
        """Writes it to both streams, unless the function has closed or replaced them."""
        for descriptor, file in self._streams:
            if _file_of(descriptor) == file:
                _write_all(descriptor, self._text)


def _file_of(descriptor):
    try:
        found = _fstat(descriptor)
    except OSError:
        return None
    return found.st_ino, found.st_dev


def _write_all(descriptor, text):
    try:
        while text:
            try:
                text = text[_write(descriptor, text) :]
            except BlockingIOError:  # the function has made it non-blocking
                poll = select.poll()
                poll.register(descriptor, select.POLLOUT)
                poll.poll()
    except OSError:
        pass  # the supervisor has closed its end


# A forked child shares the position with its parent, and must start no calls.
def _close_permits():
    try:
        os.close(_PERMITS)
    except OSError:
        pass


_PERMITS = 4

# The function may replace these later.
_fstat, _read, _write = os.fstat, os.read, os.write
