"""One job of a script on the wire (PROTOCOL.md; jobs.md §10): from its `invoke` frame to the frame that ends it.

The outcome is decided in sdk/fnbox_serverless/handling.py. Owns the job's cancellation and window.
"""

import asyncio
import json

from .channel import CHUNK_OVERHEAD, CHUNK_WINDOW
from .log import enter_request, flush_output


class Job:
    """Runs on the loop; any thread may call `progress`."""

    def __init__(self, channel, program, instance, frame, body):
        self._channel = channel
        self._program = program
        self._instance = instance
        self._frame = frame
        self._body = body
        self._task = None
        self._cancelled = False
        self._unacknowledged = 0
        self._credited = asyncio.Event()
        #: whether it has sent the frame that ends it
        self.ended = False
        #: its id for the program, which need not be that of its frames
        self.id = None

    async def run(self):
        """Runs the handler and sends its outcome. Raises SystemExit and KeyboardInterrupt, which end the process."""
        enter_request(self._frame["id"])
        self._task = asyncio.current_task()
        try:
            document = _loads(self._body)
        except RecursionError:
            self._end({"type": "returned", "undefined": True, "error": "the input is nested too deep for Python"})
            return
        self.id = document["id"]
        if self._cancelled:  # before the start, so none of the handler's code runs
            self._end({"type": "returned", "undefined": True})
            return
        outcome = await self._program.run(document, self._send_chunk, self._instance, lambda: self._cancelled)
        self._end(*self._to_frame(outcome))

    def cancel(self):
        """Cancels the handler at its next await, and acknowledges: the loop is not blocked."""
        if self.ended:
            return
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()
        self._send({"type": "cancelling"})

    def credit(self, count):
        """Opens the window by `count` bytes, whose chunks have left for the client."""
        self._unacknowledged -= count
        self._credited.set()

    def progress(self, text):
        """Sends the newest progress value, JSON text."""
        self._send({"type": "progress"}, text)

    async def _send_chunk(self, text):
        while self._unacknowledged >= CHUNK_WINDOW and not self._cancelled:
            self._credited.clear()
            await self._credited.wait()
        if self._cancelled:
            raise asyncio.CancelledError  # a generator that has caught the first one and goes on
        self._unacknowledged += len(text) + CHUNK_OVERHEAD
        self._send({"type": "chunk", "kind": "json"}, text)
        await asyncio.sleep(0)  # lets frames and other jobs in, also when the generator never waits

    def _to_frame(self, outcome):
        header = {"type": "ended" if outcome.streamed else "returned"}
        if outcome.error is not None:
            header["error"] = outcome.error
        if outcome.refresh:
            header["refresh"] = True
        if outcome.streamed:
            return ({**header, "aggregate": True} if self._program.aggregates and outcome.error is None else header), b""
        if outcome.output is None:
            return {**header, "undefined": True}, b""
        if len(outcome.output) > self._frame["responseLimit"]:
            return {"type": "oversized", "size": len(outcome.output)}, b""
        return header, outcome.output

    def _end(self, header, body=b""):
        flush_output()
        self.ended = True
        try:
            self._send(header, body)
        except ValueError as error:  # a limit of results above that of frames
            self._send({"type": "returned", "undefined": True, "error": str(error)})

    def _send(self, header, body=b""):
        self._channel.send({**header, "id": self._frame["id"]}, body)


# The program may replace it later.
_loads = json.loads
