"""Lines in the log that are worth saying once. Owns what has been said."""

import logging


def note_once(text):
    """Logs a warning, unless this process has logged the same before."""
    if text not in _said:
        _said.add(text)
        note(text)


def note(text):
    """Logs a warning."""
    _log.warning("%s", text)


_said = set()

_log = logging.getLogger("zappa.asynchronous")
