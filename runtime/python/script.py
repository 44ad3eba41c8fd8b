"""A script (jobs.md §10.1): a program that registers its handler itself, and then serves jobs on the event loop.

Owns the jobs that run, and the waiting calls that were sent ahead. `run` and `serve` are on the main thread, `receive`,
`recall` and `stop` on the thread that reads the channel.
"""

import asyncio
import contextvars
import os
import sys
import threading
import types
from collections import deque

from .ahead import may_start
from .job import Job
from .log import flush_output, report, set_request_id
from .sdk.fnbox_tasks.finder import FOLDER, offer_tasks
from .task import ScriptTask

_running = None


def running():
    """The script of this process, None in one of a function. For the modules below sdk/."""
    return _running


class ScriptDidNotServe(Exception):
    """The program ended without a call of `start` (jobs.md W-2)."""


class Script:
    """One script, from its `load` frame until the channel ends. `end_process` ends it as SystemExit says."""

    def __init__(self, channel, loop, header, border, end_process):
        global _running
        self._channel = channel
        self._loop = loop
        self._header = header
        self._border = border
        self._end_process = end_process
        self._program = None
        self._slots = None
        self._jobs = {}
        # Calls that were sent ahead. The lock keeps their permits in order, and `recall` out.
        self._ahead = deque()
        self._ahead_lock = threading.Lock()
        self._tasks = set()
        self._stopped = None
        #: whether it receives frames; stays true after the end
        self.serves = False
        _running = self

    def run(self):
        """Runs the program to its end. Raises what the program raises, and ScriptDidNotServe."""
        file, start = self._header["file"], self._header["script"]
        _prepare_path(self._header["root"], file, start["sdk"])
        sys.argv = [file, *start["args"]]
        _run_as_main(file)
        if not self.serves:
            name = os.path.basename(file)
            raise ScriptDidNotServe(f"{name} ended without serving: it has to call runpod.serverless.start(…)")

    def serve(self, program):
        """Prepares the program, then runs its jobs until the channel ends (jobs.md W-2)."""
        if self._program is not None:
            if self._loop.is_running():
                raise RuntimeError("start() was called a second time, while the first call serves")
            return  # called again after the end
        self._program = program
        try:
            self._serve()
        except (SystemExit, KeyboardInterrupt) as error:
            for task in self._tasks:
                if task.done() and not task.cancelled():
                    task.exception()  # keeps asyncio from reporting it
            self._end_process(error)

    def receive(self, header, body):
        """Receives an `invoke`, `cancel` or `credit` frame."""
        if header.get("ahead") is True:
            call = types.SimpleNamespace(ahead=True, permitted=False, header=header, body=body)
            self._ahead.append(call)
            self._loop.call_soon_threadsafe(self._start_ahead)
        else:
            self._loop.call_soon_threadsafe(self._dispatch, header, body)

    def recall(self):
        """Drops the calls sent ahead that have no permit any more."""
        with self._ahead_lock:
            self._ahead = deque(filter(may_start, self._ahead))

    def stop(self):
        """Ends `serve`; no call starts any more."""
        with self._ahead_lock:
            self._ahead.clear()
        self._loop.call_soon_threadsafe(self._settle, None)

    def progress(self, job_id, text):
        """Sends the progress of a job, JSON text; False if no such job runs. Any thread may call it."""
        job = next((each for each in list(self._jobs.values()) if each.id == job_id and not each.ended), None)
        if job is not None:
            job.progress(text)
        return job is not None

    def _serve(self):
        if self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)  # asyncio.run() in the program leaves none behind
        self._loop.run_until_complete(_check_fitness(self._program.checks))
        self._update_slots()
        flush_output()
        self._stopped = self._loop.create_future()
        self.serves = True
        self._channel.send({"type": "loaded"})
        self._loop.run_until_complete(self._until_stopped())

    async def _until_stopped(self):
        await self._stopped
        if self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=_CANCEL_SECONDS)

    def _dispatch(self, header, body):
        job_id = header["id"]
        if header["type"] == "invoke" and header["mode"] == "task":
            self._start(job_id, ScriptTask(self._channel, header, body))
        elif header["type"] == "invoke":
            self._start(job_id, Job(self._channel, self._program, self._header["script"]["instance"], header, body))
        elif job_id in self._jobs and header["type"] == "cancel":
            self._jobs[job_id].cancel()
        elif job_id in self._jobs:
            self._jobs[job_id].credit(header["bytes"])

    # PROTOCOL.md, "Calls sent ahead".
    def _start_ahead(self):
        while len(self._jobs) < self._most_jobs():
            with self._ahead_lock:
                if not self._ahead:
                    return
                call = self._ahead.popleft()
                if not may_start(call):
                    continue
            flush_output()
            self._border.write()
            self._dispatch(call.header, call.body)

    def _most_jobs(self):
        limit = self._header["concurrency"]
        return limit if self._slots is None else min(self._slots, limit)

    def _start(self, job_id, job):
        self._jobs[job_id] = job
        task = self._loop.create_task(self._run(job_id, job))
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        self._note_change()

    # A call that was sent ahead starts in the same step, so that its `cancel` finds it; it inherits no context variables.
    async def _run(self, job_id, job):
        await job.run()
        if self._jobs.get(job_id) is job:  # the id may run again as soon as its end was sent
            del self._jobs[job_id]
        self._note_change()
        contextvars.Context().run(self._start_ahead)

    def _finish(self, task):
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._settle(error)  # without an answer for that job this process must end

    # Records of threads belong to the only running job, and to none when there are several.
    def _note_change(self):
        set_request_id(next(iter(self._jobs)) if len(self._jobs) == 1 else "")
        self._update_slots()

    # jobs.md W-13: the supervisor sends a job when one has started or ended.
    def _update_slots(self):
        slots = self._program.wanted_concurrency()
        if slots is not None and slots != self._slots:
            self._slots = slots
            self._channel.send({"type": "slots", "count": slots})

    def _settle(self, error):
        if self._stopped.done():
            return
        if error is None:
            self._stopped.set_result(None)
        else:
            self._stopped.set_exception(error)


def _prepare_path(root, file, sdk):
    folder = os.path.dirname(file)
    sys.path[:0] = [folder] if folder == root else [folder, root]
    sys.path.insert(0 if sdk == "bundled" else len(sys.path), FOLDER)
    sys.meta_path.insert(0, _OnlyBundled)
    offer_tasks()


def _run_as_main(file):
    program = types.ModuleType("__main__")
    program.__file__ = file
    program.__dict__["__builtins__"] = __builtins__
    bootstrap = sys.modules["__main__"]  # kept alive: its functions are on the stack
    sys.modules["__main__"] = program
    with open(file, "rb") as source:
        code = compile(source.read(), file, "exec", dont_inherit=True)
    exec(code, program.__dict__)
    del bootstrap


async def _check_fitness(checks):
    for check in checks:
        try:
            result = check()
            if hasattr(result, "__await__"):
                await result
        except Exception as error:
            report(f"fitness check {getattr(check, '__name__', check)} failed: {error!r}")
            raise SystemExit(1) from None


def explain(error):
    """The load error of a script, with advice if an installed package has replaced a bundled one."""
    foreign = [each for each in _PACKAGES if each in sys.modules and not _is_bundled(sys.modules[each])]
    if not foreign or "--sdk bundled" in error["errorMessage"]:
        return error
    return {**error, "errorMessage": f"{error['errorMessage']} ({_hint(foreign[0])})"}


class _OnlyBundled:
    """Stops an installed package before it looks for its control plane (jobs.md W-4)."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        package, _, rest = name.partition(".")
        if rest == "serverless" and package in _PACKAGES and not _is_bundled(sys.modules[package]):
            raise ImportError(_hint(package), name=name)


def _is_bundled(module):
    return (getattr(module, "__file__", None) or "").startswith(FOLDER + os.sep)


def _hint(package):
    return f"the installed package {package} does not serve jobs here; start with --sdk bundled, which hides it"


_PACKAGES = ("runpod", "snowcell", "snowcell_sdk")

# For the cancellation of handlers at the end.
_CANCEL_SECONDS = 1
