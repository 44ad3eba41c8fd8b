"""Zappa's module of tasks as fnbox offers it (tasks.md §2). Its names may be patched: they are read at every call."""

from fnbox_tasks import environment as _environment
from fnbox_tasks.attempt import update_progress
from fnbox_tasks.dispatch import run, task, task_sns
from fnbox_tasks.errors import AsyncException, AsyncSerializationError, UnserializableJsonError
from fnbox_tasks.paths import get_func_task_path, import_and_get_task
from fnbox_tasks.responses import LambdaAsyncResponse, SnsAsyncResponse, get_async_response
from fnbox_tasks.routing import route_lambda_task, route_sns_task, run_message

#: Most characters of a message (tasks.md S1).
LAMBDA_ASYNC_PAYLOAD_LIMIT = 256000
SNS_ASYNC_PAYLOAD_LIMIT = 256000

#: The response class of each service.
ASYNC_CLASSES = {"lambda": LambdaAsyncResponse, "sns": SnsAsyncResponse}

# Never used: for programs that patch them.
ASYNC_RESPONSE_TABLE = None
aws_session = None
LAMBDA_CLIENT = None
SNS_CLIENT = None
STS_CLIENT = None
DYNAMODB_CLIENT = None

__all__ = [name for name in globals() if not name.startswith("_")]

_environment.publish(globals())
