"""Zappa's module of tasks as fnbox offers it (tasks.md §2). What is assigned to these names is heeded at every call."""

from fnbox_tasks.decorating import task, task_sns
from fnbox_tasks.errors import AsyncException, AsyncSerializationError, UnserializableJsonError
from fnbox_tasks.paths import get_func_task_path, import_and_get_task
from fnbox_tasks.progress import update_progress
from fnbox_tasks.reading import get_async_response
from fnbox_tasks.responses import LambdaAsyncResponse, SnsAsyncResponse
from fnbox_tasks.routing import route_lambda_task, route_sns_task, run_message
from fnbox_tasks.running import run

__all__ = [
    "ASYNC_CLASSES",
    "ASYNC_RESPONSE_TABLE",
    "AsyncException",
    "AsyncSerializationError",
    "DYNAMODB_CLIENT",
    "LAMBDA_ASYNC_PAYLOAD_LIMIT",
    "LAMBDA_CLIENT",
    "LambdaAsyncResponse",
    "SNS_ASYNC_PAYLOAD_LIMIT",
    "SNS_CLIENT",
    "STS_CLIENT",
    "SnsAsyncResponse",
    "UnserializableJsonError",
    "aws_session",
    "get_async_response",
    "get_func_task_path",
    "import_and_get_task",
    "route_lambda_task",
    "route_sns_task",
    "run",
    "run_message",
    "task",
    "task_sns",
    "update_progress",
]

#: Most characters of a message (tasks.md S1).
LAMBDA_ASYNC_PAYLOAD_LIMIT = 256000
SNS_ASYNC_PAYLOAD_LIMIT = 256000

#: What a service's tasks are sent by.
ASYNC_CLASSES = {"lambda": LambdaAsyncResponse, "sns": SnsAsyncResponse}

# Never used: programs that patch them find them.
ASYNC_RESPONSE_TABLE = None
aws_session = None
LAMBDA_CLIENT = None
SNS_CLIENT = None
STS_CLIENT = None
DYNAMODB_CLIENT = None
