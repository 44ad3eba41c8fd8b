"""Tasks on the wire (PROTOCOL.md, "Tasks"): from an `invoke` frame to the frame that ends it.

What a task's behaviour means is decided below sdk/fnbox_tasks, which is loaded when the first one comes. Owns nothing.
"""

import contextvars
import json
import sys
import threading

from .log import enter_request, flush_output
from .outcome import is_awaitable


class Task:
    """A task of a function's instance: runs on the main thread, as an invocation does. Nobody cancels a task."""

    #: as a job of a script has them
    id = None
    ended = False

    #: whether it has taken a permit
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
        """Executes it and sends what comes of it; `instance_loop` has the loop for what is to be awaited.

        Raises SystemExit and KeyboardInterrupt, which end the process (tasks.md L6).
        """
        attempt = self._to_attempt()
        with attempt.running():
            try:
                value = attempt.begin()
                awaitable = is_awaitable(value)
                answer = attempt.complete(instance_loop.get().run_until_complete(_await(value)) if awaitable else value)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                answer = attempt.fail(error)
        self._end(answer)

    def cancel(self):
        """Nothing: it ends by itself or with the process."""

    def credit(self, count):
        """Nothing: it sends no chunks."""

    def _to_attempt(self):
        from fnbox_tasks.attempt import Attempt

        return Attempt(_loads(self._body), self._frame["responseLimit"])

    def _end(self, answer):
        header = {"type": "returned", "id": self.request_id}
        if answer["outcome"] == "failed":
            header["error"] = "{type}: {message}".format(**answer["error"])[:_LONGEST_ERROR]
        flush_output()
        self.ended = True
        try:
            self._channel.send(header, _dumps(answer).encode())
        except ValueError as error:  # a limit of results above that of frames
            trouble = {"type": "ResultTooLarge", "message": str(error), "stack": ""}
            answer = {"outcome": "failed", "retry": False, "error": trouble}
            self._channel.send({**header, "error": f"ResultTooLarge: {error}"}, _dumps(answer).encode())


class ScriptTask(Task):
    """A task of a script's instance: the event loop runs on the main thread, so what does not await has its own."""

    async def run(self):
        """As that of a function, on the loop."""
        enter_request(self.request_id)
        attempt = self._to_attempt()
        with attempt.running():
            try:
                value = await _in_thread(attempt.begin)
                answer = attempt.complete(await value if is_awaitable(value) else value)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                answer = attempt.fail(error)
        self._end(answer)


class TaskEvents:
    """Which events of mode `raw` execute a task (PROTOCOL.md, promise 11); `which` is `taskEvents` of the `load` frame."""

    def __init__(self, which):
        self._which = which

    def find_route(self, event):
        """What takes the place of the handler, None when the event is the handler's."""
        if self._which == "on" or (self._which == "imported" and "zappa.asynchronous" in sys.modules):
            from fnbox_tasks.events import find_route

            return find_route(event)
        return None


async def _await(value):
    return await value


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


# No more of an error's text is shown in the frame's header; all of it is in the body.
_LONGEST_ERROR = 1000

# The function may replace these later.
_dumps = json.dumps
_loads = json.loads
