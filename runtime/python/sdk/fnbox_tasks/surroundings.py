"""Where this process runs, asked anew at every call: below fnbox or not, and with which code (tasks.md, Terms)."""

import importlib
import os


def engine_address():
    """How the engine is reached, None when this process is not below fnbox (tasks.md W1)."""
    return os.environ.get("FNBOX_RUNTIME_API") or None


def is_inside(file):
    """Whether a file is the function's: inside the code root and not of the standard library (tasks.md P3)."""
    real = os.path.realpath(file)
    if not _is_below(real, code_root()) or _is_below(real, _RUNTIME):
        return False
    return not _is_below(real, _LIBRARY) or any(f"{os.sep}{each}{os.sep}" in real for each in _PACKAGES)


def code_root():
    """The real path of the function's code."""
    return os.path.realpath(os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd())


def public(name):
    """A name of `zappa.asynchronous` with the value of the moment: programs patch them."""
    return getattr(importlib.import_module("zappa.asynchronous"), name)


def _is_below(file, folder):
    return file.startswith(os.path.join(folder, ""))


_RUNTIME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
_LIBRARY = os.path.realpath(os.path.dirname(os.__file__))

# Where packages are installed within the library's folder.
_PACKAGES = ("site-packages", "dist-packages")
