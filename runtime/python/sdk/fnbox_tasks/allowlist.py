"""The code that messages may name (tasks.md X1 to X4): functions inside the code root, by the two routes."""

import importlib.util
import sys
from importlib.machinery import PathFinder

from .errors import TaskNotAllowed
from .messages import COMMANDS
from .paths import import_module
from .environment import code_root, is_inside


def check_command(command, *services):
    """Raises TaskNotAllowed unless it is the command of one of the services (tasks.md X1)."""
    if command not in [COMMANDS[each] for each in services]:
        raise TaskNotAllowed(f"the command {command!r} is not allowed here")


def check_path(path):
    """Checks a task path without an import (tasks.md X2, X3). Raises TaskNotAllowed, ModuleNotFoundError."""
    parts = path.split(".") if isinstance(path, str) else []
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        raise TaskNotAllowed(f"{path!r} is no path of a task; it must be module.function", task_path=path)
    file = _find_file(parts[:-1])
    if file is None or not is_inside(file):
        raise TaskNotAllowed(f"{path} is not inside the code root", task_path=path)


def load_task(path, missing=None):
    """Imports the function of a path after all checks. Raises TaskNotAllowed, and what its import raises.

    Raises `missing`, if given, instead of ModuleNotFoundError or AttributeError of the path itself.
    """
    module_name, _, name = path.rpartition(".") if isinstance(path, str) else ("", "", "")
    try:
        check_path(path)
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if missing is None or error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise missing(str(error)) from error
    try:
        found = getattr(module, name)
    except AttributeError as error:
        if missing is None:
            raise
        raise missing(str(error)) from error
    function = getattr(found, "sync", found)
    if not callable(function) or not _is_defined_inside(found):
        raise TaskNotAllowed(f"{path} is no function that is defined inside the code root", task_path=path)
    return function


# tasks.md X4
def _is_defined_inside(found):
    module_name = getattr(found, "__module__", None)
    module = sys.modules.get(module_name) if isinstance(module_name, str) else None
    file = getattr(module, "__file__", None)
    return file is not None and is_inside(file)


# Namespace packages have no file: the first part of the path with one counts.
def _find_file(parts):
    file, locations = _find_top(parts[0])
    for depth in range(2, len(parts) + 1):
        if file is not None or locations is None:
            break
        spec = PathFinder.find_spec(".".join(parts[:depth]), locations)
        if spec is None:
            break
        file, locations = _file_of(spec), spec.submodule_search_locations
    return file


def _find_top(name):
    module = sys.modules.get(name)
    if module is not None:
        return getattr(module, "__file__", None), getattr(module, "__path__", None)
    # Programs that a function starts may lack the code root on their path.
    spec = importlib.util.find_spec(name) or PathFinder.find_spec(name, [code_root()])
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return _file_of(spec), spec.submodule_search_locations


def _file_of(spec):
    return spec.origin if spec.has_location else None
