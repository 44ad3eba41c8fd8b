"""Import hook for the bundled `zappa.asynchronous`, also where Zappa is installed (tasks.md G3)."""

import os
import sys
from importlib.machinery import PathFinder

#: The folder of the bundled modules.
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def offer_tasks():
    """Makes `zappa.asynchronous` the bundled one, and `zappa` where no other is installed."""
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


# The path of a script has the bundled folder too, with `--sdk bundled` first.
def _find_installed(name):
    elsewhere = [each for each in sys.path if each != FOLDER]
    for finder in sys.meta_path:
        if finder is not _Finder and hasattr(finder, "find_spec"):
            spec = finder.find_spec(name, elsewhere)
            if spec is not None:
                return spec
    return None
