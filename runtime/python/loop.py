"""The one event loop of the instance, which stands still between invocations (yandex.md K-7). Owns it.

It is made with the first import of asyncio: that takes longer than the rest of a start, and many functions never need it.
"""

import sys
import threading
from importlib.machinery import PathFinder


class InstanceLoop:
    """The loop, for the main thread."""

    def __init__(self):
        self._asyncio = None
        self._loop = None

    def offer(self):
        """Makes the first import of asyncio set up the loop."""
        if self._loop is None:
            sys.meta_path.insert(0, self)

    def get(self):
        """The loop, for awaitables."""
        if self._loop is None:
            import asyncio

            self._set_up(asyncio)
        return self._loop

    def restore(self):
        """Sets the loop before each invocation: asyncio.run() leaves none behind, and a function may close it."""
        if self._loop is not None:
            self._set_up(self._asyncio)

    def find_spec(self, name, path=None, target=None):
        """For sys.meta_path. A request for the spec need not lead to the import."""
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
