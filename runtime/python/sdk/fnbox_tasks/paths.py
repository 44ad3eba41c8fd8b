"""From a function to its task path and back (tasks.md §3.6)."""

import importlib
import os
import sys

from .errors import AsyncException
from .environment import code_root, engine_address, is_inside


def get_func_task_path(func):
    """The dotted text `module.function` (tasks.md P1, P2)."""
    return f"{_module_name(func)}.{func.__name__}"


def import_and_get_task(task_path):
    """The function of a dotted text `module.function`; the wrapper, if it is decorated (tasks.md A5)."""
    module, function = task_path.rsplit(".", 1)
    return getattr(import_module(module) if engine_address() else importlib.import_module(module), function)


def import_module(name):
    """The module of that name; a script that runs as `__main__` is not imported again (tasks.md P2)."""
    return sys.modules["__main__"] if name in _MAINS or name == _main_name() else importlib.import_module(name)


def to_task_path(func):
    """The path of a function to dispatch. Raises AsyncException `not_importable` (tasks.md P3)."""
    path = describe(func)
    reason = _why_not_importable(func)
    if reason is not None:
        raise AsyncException(f"{path} cannot be a task: {reason}", code="not_importable", task_path=path)
    return path


def describe(func):
    """The path of any callable, for messages."""
    return f"{_module_name(func)}.{getattr(func, '__name__', type(func).__name__)}"


def _why_not_importable(func):
    name = getattr(func, "__name__", None)
    if not isinstance(name, str):
        return "it has no __name__"
    if name == "<lambda>":
        return "it is a lambda"
    if "." in getattr(func, "__qualname__", name):
        return "it is defined inside a function or a class"
    module_name = _module_name(func)
    module = sys.modules.get("__main__" if getattr(func, "__module__", None) in _MAINS else module_name)
    if not hasattr(module, name):
        return "its module has no such name"
    return _why_outside(module_name, module) if engine_address() else None


def _why_outside(module_name, module):
    if module_name in _MAINS:
        return "it is defined in __main__, whose file is no module inside the code root"
    file = getattr(module, "__file__", None)
    return None if file is not None and is_inside(file) else "its module is not a file inside the code root"


def _module_name(func):
    name = getattr(func, "__module__", None)
    return _main_name() or name if name in _MAINS and engine_address() else name


# The name under which the main program can be imported, None when it cannot.
def _main_name():
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.origin is not None and is_inside(spec.origin):
        return spec.name
    file = getattr(main, "__file__", None)
    if file is None or not file.endswith(".py") or not is_inside(file):
        return None
    parts = os.path.relpath(os.path.realpath(file), code_root())[: -len(".py")].split(os.sep)
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


# The second one in processes of multiprocessing.
_MAINS = ("__main__", "__mp_main__")
