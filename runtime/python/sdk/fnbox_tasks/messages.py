"""Messages: the JSON text in which a task travels (tasks.md §5), and its limits (tasks.md §7)."""

import json

from .errors import AsyncException, AsyncSerializationError
from .surroundings import public

#: What a message of a service is to be executed by.
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
    text = dump(message, task_path=message.get("task_path"), response_id=message.get("response_id"))
    if len(text) > public(_LIMITS[service]):
        raise too_large(service, task_path=message.get("task_path"), response_id=message.get("response_id"))
    return text


def dump(value, **attributes):
    """The text of a value (tasks.md, Terms). Raises AsyncSerializationError, whatever keeps JSON from it."""
    try:
        return _dumps(value)
    except Exception as error:
        raise AsyncSerializationError(str(error), **attributes) from error


def check_serializable(args, kwargs):
    """Raises AsyncSerializationError when JSON cannot hold the arguments (tasks.md W2)."""
    dump((args, kwargs))


def too_large(service, **attributes):
    """The AsyncException for what exceeds a limit."""
    return AsyncException(f"Payload too large for {_NAMES[service]}", code="payload_too_large", **attributes)


_LIMITS = {"lambda": "LAMBDA_ASYNC_PAYLOAD_LIMIT", "sns": "SNS_ASYNC_PAYLOAD_LIMIT"}
_NAMES = {"lambda": "async Lambda call", "sns": "SNS"}

# The program may replace it later.
_dumps = json.dumps
