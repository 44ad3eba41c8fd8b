"""Function invocations that carry a task (tasks.md §9): which code gets an event."""

import json

from .errors import TaskNotAllowed
from .limits import check_command
from .messages import COMMANDS
from .routing import begin_message, begin_sns


def find_route(event):
    """What executes the task that an event carries, called as a handler is; None when the event is the handler's.

    The value may be an awaitable. The order of the tests is that of the table in tasks.md §9.
    """
    if not isinstance(event, dict) or event.get("httpMethod"):
        return None
    if event.get("command"):
        return _execute
    if event.get("raw_command"):
        return _refuse_raw
    return _execute_record if _message_of(event).get("command") else None


def _execute(event, context):
    if event["command"] == COMMANDS["sns"] and event.get("Records"):
        return _execute_record(event, context)
    check_command(event["command"], "lambda")
    return begin_message(event, "lambda", limited=True)


# The command of a message that an event's own command leads to may be absent, as in real Zappa.
def _execute_record(event, context):
    return begin_sns(event, limited=True)


def _refuse_raw(event, context):
    raise TaskNotAllowed("code in an event is never executed")


# An empty one when there is none.
def _message_of(event):
    try:
        message = _loads(event["Records"][0]["Sns"]["Message"])
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


# The function may replace it later.
_loads = json.loads
