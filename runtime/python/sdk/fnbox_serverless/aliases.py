"""One module under several names: imports below one package give the modules below another."""

import importlib
import sys
from importlib.machinery import ModuleSpec


def show_below(name, target):
    """Makes `<name>.x` the module `<target>.x`, the same object, at any depth."""
    sys.meta_path.insert(0, _Finder(name + ".", target + "."))


class _Finder:
    def __init__(self, prefix, target):
        self._prefix = prefix
        self._target = target

    def find_spec(self, name, path=None, target=None):
        if not name.startswith(self._prefix):
            return None
        try:
            module = importlib.import_module(self._target + name[len(self._prefix) :])
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.startswith(self._target):
                raise
            return None  # the import system raises it under the requested name
        return ModuleSpec(name, _Loader(module), is_package=hasattr(module, "__path__"))


class _Loader:
    def __init__(self, module):
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec):
        return self._module

    # The import system has just described the module by its second name.
    def exec_module(self, module):
        module.__spec__ = self._spec
