"""The four names of Zappa's utilities that have to do with tasks (tasks.md G3)."""

from fnbox_tasks.errors import UnserializableJsonError
from fnbox_tasks.messages import dump as _dump
from fnbox_tasks.paths import import_and_get_task as import_and_get_function

__all__ = ["UnserializableJsonError", "get_topic_name", "import_and_get_function", "validate_json_serializable"]


def validate_json_serializable(*args, **kwargs):
    """Raises UnserializableJsonError when JSON cannot hold the arguments."""
    _dump((args, kwargs))


def get_topic_name(lambda_name):
    """The name of the topic of a function's tasks of the service `sns`."""
    return f"{lambda_name}-zappa-async"
