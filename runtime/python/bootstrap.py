"""The Python runtime of an instance: reads frames, loads the function, runs invocations (PROTOCOL.md).

The main thread runs the function, so that signals and event loops work as usual; reader.py decides which thread reads the
channel. Owns the invocations that run or wait.
"""

import os
import sys
import threading
import time
from importlib.machinery import ModuleSpec
from types import ModuleType

_FOLDER = os.path.dirname(os.path.abspath(__file__))

# For the code of a script after `start`, once the channel has ended.
_SCRIPT_EXIT_SECONDS = 2


class Instance:
    """One loaded function, or one script. A function runs one invocation at a time (yandex.md S-1)."""

    def __init__(self):
        self._channel = Channel()
        ahead.prepare()
        self._border = None
        self._running = {}
        self._script = None
        self._loop = InstanceLoop()
        python_version = sys.version.split(maxsplit=1)[0]
        hello = {"type": "hello", "version": PROTOCOL_VERSION, "language": "python", "languageVersion": python_version}
        self._channel.send(hello)
        self._reader = Reader(self._read, self._may_start)

    def serve(self):
        """Loads the function, then runs one invocation after the other until the channel ends. On the main thread."""
        header = self._reader.next().header
        if "script" in header:
            self._run_script(header)
        handler = self._load(header)
        events = TaskEvents(header.get("taskEvents"))
        while True:
            self._invoke(self._reader.next(), handler, header["function"], events)

    # On the thread that reads; gives the call in the frame, if any.
    def _read(self):
        try:
            received = self._channel.receive()
        except (ProtocolError, MemoryError) as error:
            _exit(70, str(error) or "there is no memory for a frame")
        if received is None:
            self._end_reading()
        try:
            return self._dispatch(*received)
        except ProtocolError as error:
            _exit(70, str(error))
        except Exception as error:  # the instance could not answer any more
            _exit(70, f"a frame cannot be used: {error!r}")

    def _end_reading(self):
        if self._channel.closed:
            sys.exit()  # ends this thread alone; the main thread is about to end the process
        if self._script is not None and self._script.serves:
            self._script.stop()
            time.sleep(_SCRIPT_EXIT_SECONDS)
        _exit(0)

    def _dispatch(self, header, body):
        kind = header["type"]
        if kind == "load":
            return self._to_load(header)
        if self._border is None:
            raise ProtocolError(f"{kind} came before load")
        if kind == "recall":
            self._recall()
        elif self._script is not None and self._script.serves:
            self._script.receive(header, body)
        elif kind == "invoke":
            call = (Task if header["mode"] == "task" else Call)(self._channel, header, body)
            self._running[call.request_id] = call
            return call
        elif (call := self._running.get(header["id"])) is not None:
            call.cancel() if kind == "cancel" else call.credit(header["bytes"])
        return None

    def _to_load(self, header):
        if header["version"] != PROTOCOL_VERSION:
            raise ProtocolError(f"version {header['version']} of the protocol is not understood")
        if self._border is not None:
            raise ProtocolError("load may come once")
        self._border = ahead.Border(header.get("border"))
        return _Load(header)

    # The supervisor has taken back the permits of the calls to drop.
    def _recall(self):
        self._reader.recall()
        if self._script is not None:
            self._script.recall()
        self._channel.send({"type": "recalled"})

    def _may_start(self, call):
        if ahead.may_start(call):
            return True
        self._running.pop(call.request_id, None)
        return False

    def _load(self, header):
        if hides_python(header["root"]):
            self._loop.get()
        self._loop.offer()
        offer_tasks()
        try:
            handler = load_handler(header["root"], header["module"], header["name"], header.get("file"))
            if awaits(handler):
                self._loop.get()
        except (SystemExit, KeyboardInterrupt) as error:
            self._end_process(error)
        except BaseException as error:
            self._fail_load(to_load_error(error))
        flush_output()
        self._channel.send({"type": "loaded"})
        return handler

    # Never returns.
    def _run_script(self, header):
        from _fnbox.script import Script, explain

        self._reader.listen()
        self._script = Script(self._channel, self._loop.get(), header, self._border, self._end_process)
        try:
            self._script.run()
        except (SystemExit, KeyboardInterrupt) as error:
            self._end_process(error)
        except BaseException as error:
            if self._script.serves:
                self._channel.close()
                raise  # printed by the interpreter
            self._fail_load(explain(to_load_error(error)))
        self._end_process(SystemExit(0))

    def _fail_load(self, error):
        flush_output()
        self._channel.send({"type": "load-failed", "error": error})
        self._reader.next()  # waits until the supervisor ends this process

    def _invoke(self, call, *function):
        self._loop.restore()
        if call.ahead:
            flush_output()
            self._border.write()
        set_request_id(call.request_id)
        try:
            call.run(self._loop, self._reader.listen, *function)
        except (SystemExit, KeyboardInterrupt) as error:
            self._end_process(error)
        finally:
            if self._running.get(call.request_id) is call:  # the id may run again as soon as its end was sent
                del self._running[call.request_id]
            set_request_id("")

    # With the exit code of the error, but at once: the interpreter would wait for threads.
    def _end_process(self, error):
        self._channel.close()
        others = [each for each in threading.enumerate() if each is not threading.current_thread() and not each.daemon]
        if others:
            code = error.code if isinstance(error, SystemExit) else 130
            _exit(code if isinstance(code, int) else int(code is not None), code if isinstance(code, str) else None)
        raise error


class _Load:
    """The `load` frame, which the main thread runs before all calls."""

    ahead = False

    def __init__(self, header):
        self.header = header


def _exit(code, message=None):
    flush_output()
    if message is not None:
        report(message)
    os._exit(code)


def _open_package():
    """Makes the files beside this one a package whose name no module of a function has."""
    if _FOLDER in sys.path:
        sys.path.remove(_FOLDER)
    spec = ModuleSpec("_fnbox", None, is_package=True)
    spec.submodule_search_locations.append(_FOLDER)
    package = ModuleType(spec.name)
    package.__spec__, package.__path__ = spec, spec.submodule_search_locations
    sys.modules[spec.name] = package


# Processes of multiprocessing import this file again, but are no instances.
if __name__ == "__mp_main__":
    _open_package()
    from _fnbox.sdk.fnbox_tasks.finder import offer_tasks

    offer_tasks()

if __name__ == "__main__":
    _open_package()
    from _fnbox import ahead
    from _fnbox.call import Call
    from _fnbox.channel import PROTOCOL_VERSION, Channel, ProtocolError
    from _fnbox.loader import awaits, hides_python, load_handler
    from _fnbox.log import flush_output, report, set_request_id, set_up_logging
    from _fnbox.loop import InstanceLoop
    from _fnbox.outcome import to_load_error
    from _fnbox.reader import Reader
    from _fnbox.sdk.fnbox_tasks.finder import offer_tasks
    from _fnbox.task import Task, TaskEvents

    sys.argv = [""]
    sys.stdout.reconfigure(line_buffering=True)
    set_up_logging()
    Instance().serve()
