"""Tasks on the wire (PROTOCOL.md, "Tasks"): from an `invoke` frame to the frame that ends it.

The outcome of a task is decided in sdk/fnbox_tasks, which is loaded with the first one.
"""

import contextvars
import json
import sys
import threading

from .log import enter_request, flush_output
from .outcome import is_awaitable


class Task:
    """A task of a function's instance: runs on the main thread, as an invocation does."""

    #: as a job of a script has them
    id = None
    ended = False

    #: whether it has a permit
    permitted = False

    def __init__(self, channel, frame, body):
        self._channel = channel
        self._frame = frame
        self._body = body
        #: the id of its frames
        self.request_id = frame["id"]
        #: whether it was sent ahead, and starts with a permit only (ahead.py)
        self.ahead = frame.get("ahead") is True

    def run(self, instance_loop, *_):
        """Executes it and sends its outcome; `instance_loop` has the loop for awaitables.

        Raises SystemExit and KeyboardInterrupt, which end the process (tasks.md L6).
        """
        attempt = self._to_attempt()
        with attempt.running():
            try:
                value = attempt.start()
                if is_awaitable(value):
                    value = instance_loop.get().run_until_complete(_await(value))
                outcome = attempt.complete(value)
            except BaseException as error:
                outcome = _to_failure(error)
        self._end(outcome)

    def cancel(self):
        """Does nothing: a task ends by itself or with the process."""

    def credit(self, count):
        """Does nothing: a task sends no chunks."""

    def _to_attempt(self):
        from fnbox_tasks.attempt import Attempt

        return Attempt(_loads(self._body), self._frame["responseLimit"])

    def _end(self, outcome):
        flush_output()
        self.ended = True
        try:
            self._send(outcome)
        except ValueError as error:  # a limit of results above that of frames
            too_large = {"type": "ResultTooLarge", "message": str(error), "stack": ""}
            self._send({"outcome": "failed", "retry": False, "error": too_large})

    def _send(self, outcome):
        header = {"type": "returned", "id": self.request_id}
        if outcome["outcome"] == "failed":
            header["error"] = "{type}: {message}".format(**outcome["error"])[:_LONGEST_ERROR]
        self._channel.send(header, _dumps(outcome).encode())


class ScriptTask(Task):
    """A task of a script's instance: on the event loop, or in a thread if it is not a coroutine."""

    async def run(self):
        """As that of a function, on the loop."""
        enter_request(self.request_id)
        attempt = self._to_attempt()
        with attempt.running():
            try:
                value = await _in_thread(attempt.start)
                outcome = attempt.complete(await value if is_awaitable(value) else value)
            except BaseException as error:
                outcome = _to_failure(error)
        self._end(outcome)


class TaskEvents:
    """Which events of mode `raw` execute a task (PROTOCOL.md, promise 11); `which` is `taskEvents` of the `load` frame."""

    def __init__(self, which):
        self._which = which

    def find_route(self, event):
        """The function that takes the place of the handler, None when the event is the handler's."""
        if self._which == "on" or (self._which == "imported" and "zappa.asynchronous" in sys.modules):
            from fnbox_tasks.routing import find_route

            return find_route(event)
        return None


def _to_failure(error):
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        raise error
    from fnbox_tasks.execution import to_failure

    return to_failure(error)


async def _await(value):
    return await value


# In a daemon thread, unlike those of asyncio.to_thread: the process does not wait for it at its end.
async def _in_thread(step):
    import asyncio

    loop = asyncio.get_running_loop()
    settled = loop.create_future()
    context = contextvars.copy_context()

    def work():
        try:
            result = (context.run(step), None)
        except BaseException as error:
            result = (None, error)
        try:
            loop.call_soon_threadsafe(lambda: settled.done() or settled.set_result(result))
        except RuntimeError:
            pass  # the loop is closed: the process ends

    threading.Thread(target=work, daemon=True).start()
    value, error = await settled
    if error is not None:
        raise error
    return value


# The frame's header has the start of an error's text only; the body has all of it.
_LONGEST_ERROR = 1000

# The function may replace these later.
_dumps = json.dumps
_loads = json.loads
