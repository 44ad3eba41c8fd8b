"""From the handler string to the function (yandex.md §1)."""

import importlib
import os
import sys
from types import FunctionType


class HandlerNotFound(Exception):
    """The module has no attribute of that name (yandex.md H-17)."""


class HandlerNotCallable(Exception):
    """The attribute is there, but cannot be called (yandex.md H-17)."""


def load_handler(root, module, name, file=None):
    """Imports `module` from the code root, which comes first on sys.path (yandex.md H-8), and gives its callable `name`.

    Raises what the import raises, HandlerNotFound or HandlerNotCallable.
    """
    sys.path.insert(0, root)
    loaded = _import(module, file)
    try:
        handler = getattr(loaded, name)
    except AttributeError:
        raise HandlerNotFound(f"Can't find handler function {name} in {module}") from None
    if not callable(handler):
        raise HandlerNotCallable(f"{module}.{name} must be function")
    return handler


def hides_python(root):
    """Whether files there are named like modules of Python's own, and take their places once `root` is on sys.path."""
    try:
        return any(name.partition(".")[0] in sys.stdlib_module_names for name in os.listdir(root))
    except (OSError, AttributeError):  # Python 3.9 does not know
        return True


def awaits(handler):
    """Whether it is a function written as `async def`, and will need an event loop. Others may turn out to need it, too."""
    return isinstance(handler, FunctionType) and bool(handler.__code__.co_flags & (_CO_COROUTINE | _CO_ASYNC_GENERATOR))


def _import(module, file):
    present = sys.modules.get(module)
    if present is None or file is None or _is_from(present, file):
        return importlib.import_module(module)
    # A function whose file is named like a module that this runtime has imported: both stay what they are.
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(module, file)
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def _is_from(module, file):
    origin = getattr(module, "__file__", None)
    return origin is not None and os.path.exists(origin) and os.path.samefile(origin, file)


# As in inspect, which takes long to import.
_CO_COROUTINE = 0x80
_CO_ASYNC_GENERATOR = 0x200
