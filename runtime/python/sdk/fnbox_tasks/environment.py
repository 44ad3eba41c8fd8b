"""Where this process runs, read anew at every call: under fnbox or not, and with which code (tasks.md, Terms).

Owns the public names of `zappa.asynchronous`, from its import on.
"""

import os


def engine_address():
    """The address of the engine, None outside fnbox (tasks.md W1)."""
    return os.environ.get("FNBOX_RUNTIME_API") or None


def code_root():
    """The real path of the function's code."""
    return os.path.realpath(os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd())


def is_inside(file):
    """Whether a file is the function's: inside the code root and not of the standard library (tasks.md P3)."""
    real = os.path.realpath(file)
    if not _is_below(real, code_root()) or _is_below(real, _RUNTIME):
        return False
    return not _is_below(real, _LIBRARY) or any(f"{os.sep}{each}{os.sep}" in real for each in _PACKAGES)


def publish(names):
    """Keeps the namespace of `zappa.asynchronous`, whose values programs patch."""
    global _public
    _public = names


def public(name):
    """The current value of a public name."""
    return _public[name]


def _is_below(file, folder):
    return file.startswith(os.path.join(folder, ""))


_public = {}

_RUNTIME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
_LIBRARY = os.path.realpath(os.path.dirname(os.__file__))

# Where packages are installed within the library's folder.
_PACKAGES = ("site-packages", "dist-packages")
