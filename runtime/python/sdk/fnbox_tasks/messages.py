"""Messages: the JSON text of a task (tasks.md §5) and its limits (tasks.md §7)."""

import json

from .environment import public
from .errors import AsyncException, AsyncSerializationError

#: The command in the messages of each service.
COMMANDS = {
    "lambda": "zappa.asynchronous.route_lambda_task",
    "sns": "zappa.asynchronous.route_sns_task",
}


def to_message(task_path, response_id, args, kwargs):
    """A message without its command; without a `response_id` no response is captured."""
    return {
        "task_path": task_path,
        "capture_response": response_id is not None,
        "response_id": response_id,
        "args": args,
        "kwargs": kwargs,
    }


def to_text(message, service):
    """The text of a message. Raises AsyncSerializationError, AsyncException `payload_too_large` (tasks.md S1)."""
    named = {"task_path": message.get("task_path"), "response_id": message.get("response_id")}
    text = dump(message, **named)
    if len(text) > public(f"{service.upper()}_ASYNC_PAYLOAD_LIMIT"):
        raise too_large(service, **named)
    return text


def dump(value, **attributes):
    """The text of a value (tasks.md, Terms). Raises AsyncSerializationError for any failure of JSON."""
    try:
        return _dumps(value)
    except Exception as error:
        raise AsyncSerializationError(str(error), **attributes) from error


def too_large(service, **attributes):
    """The AsyncException for a text above a limit."""
    name = "SNS" if service == "sns" else "async Lambda call"
    return AsyncException(f"Payload too large for {name}", code="payload_too_large", **attributes)


# The program may replace it later.
_dumps = json.dumps
