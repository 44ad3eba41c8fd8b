"""From the handler string to the function (yandex.md §1)."""

import importlib
import os
import sys
from types import FunctionType


class HandlerNotFound(Exception):
    """The module has no attribute of that name (yandex.md H-17)."""


class HandlerNotCallable(Exception):
    """The attribute is not callable (yandex.md H-17)."""


def load_handler(root, module, name, file=None):
    """Imports `module` from the code root, the first of sys.path (yandex.md H-8), and gives its callable `name`.

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
    """Whether files there have names of standard modules, which they replace once `root` is on sys.path."""
    try:
        return any(name.partition(".")[0] in sys.stdlib_module_names for name in os.listdir(root))
    except (OSError, AttributeError):  # Python 3.9 has no such list
        return True


def awaits(handler):
    """Whether it is an `async def` function, which needs an event loop. Others may need it, too."""
    return isinstance(handler, FunctionType) and bool(handler.__code__.co_flags & (_CO_COROUTINE | _CO_ASYNC_GENERATOR))


def _import(module, file):
    present = sys.modules.get(module)
    if present is None or file is None or _is_from(present, file):
        return importlib.import_module(module)
    # The function's file has the name of a module that this runtime has imported: both are kept.
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
