"""How programs find the module of tasks that comes with fnbox, whatever they have installed (tasks.md G3)."""

import os
import sys
from importlib.machinery import PathFinder

#: Where the modules are that come with fnbox.
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def offer_tasks():
    """From now on `zappa.asynchronous` is ours, and so is `zappa` where there is no other. Costs nothing until asked for."""
    sys.meta_path.insert(0, _Finder)


class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "zappa.asynchronous":
            from importlib.util import spec_from_file_location

            return spec_from_file_location(name, os.path.join(FOLDER, "zappa", "asynchronous.py"))
        if name == "fnbox_tasks":
            return PathFinder.find_spec(name, [FOLDER])
        if name == "zappa":
            return _find_installed(name) or PathFinder.find_spec(name, [FOLDER])
        return None


# A script has our folder on its path, and with `--sdk bundled` in front of what is installed.
def _find_installed(name):
    elsewhere = [each for each in sys.path if each != FOLDER]
    for finder in sys.meta_path:
        if finder is not _Finder and hasattr(finder, "find_spec"):
            spec = finder.find_spec(name, elsewhere)
            if spec is not None:
                return spec
    return None
