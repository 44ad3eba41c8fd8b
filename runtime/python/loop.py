"""The one event loop of the instance, which stands still between invocations (yandex.md K-7). Owns it.

It is made when asyncio is first imported, by the function or for it: that import takes longer than all else that an
instance does before it has loaded, and many functions never need it.
"""

import sys
import threading
from importlib.machinery import PathFinder


class InstanceLoop:
    """From `offer` on, whoever has imported asyncio finds the loop."""

    def __init__(self):
        self._asyncio = None
        self._loop = None

    def offer(self):
        """Waits for the import, if it is still to come. On the main thread, whose loop it is."""
        if self._loop is None:
            sys.meta_path.insert(0, self)

    def get(self):
        """The loop, for what has to be awaited. On the main thread."""
        if self._loop is None:
            import asyncio

            self._set_up(asyncio)
        return self._loop

    def restore(self):
        """Before each invocation, on the main thread: asyncio.run() leaves none behind, and a function may close it."""
        if self._loop is not None:
            self._set_up(self._asyncio)

    def find_spec(self, name, path=None, target=None):
        """For sys.meta_path. Asking for the spec need not lead to the import."""
        if name != "asyncio":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader.exec_module = lambda module: self._import(spec.loader, module)
        return spec

    def _import(self, loader, module):
        del loader.exec_module
        loader.exec_module(module)
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        self._set_up(module)

    def _set_up(self, asyncio):
        self._asyncio = asyncio
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
        if threading.current_thread() is threading.main_thread():
            asyncio.set_event_loop(self._loop)
