"""The four names of Zappa's utilities that have to do with tasks (tasks.md G3)."""

from fnbox_tasks.errors import UnserializableJsonError
from fnbox_tasks.messages import check_serializable as _check_serializable
from fnbox_tasks.paths import import_and_get_task as _import_and_get_task

__all__ = ["UnserializableJsonError", "get_topic_name", "import_and_get_function", "validate_json_serializable"]


def validate_json_serializable(*args, **kwargs):
    """Raises UnserializableJsonError when JSON cannot hold the arguments."""
    _check_serializable(args, kwargs)


def import_and_get_function(function):
    """The function of a dotted text `module.function`."""
    return _import_and_get_task(function)


def get_topic_name(lambda_name):
    """The topic that belongs to a function's tasks of the service `sns`."""
    return f"{lambda_name}-zappa-async"
