"""One invocation: from its `invoke` frame to the frame that ends it. Owns its cancellation and its stream's window."""

import threading
from json.encoder import encode_basestring_ascii as _quoted

from .channel import CHUNK_OVERHEAD, CHUNK_WINDOW, parse_json
from .context import Context
from .log import flush_output
from .long_body import from_parts, to_parts
from .outcome import is_async_generator, is_awaitable, is_generator, to_chunk, to_json, to_user_error


class Call:
    """Runs on the main thread; `cancel` and `credit` come from the thread that reads the channel."""

    # Shared: one call at a time runs.
    _change = threading.Condition()

    #: whether it has a permit
    permitted = False

    # Defaults, which most calls keep.
    _cancelled = False
    _acknowledged = False
    _loop = None
    _task = None
    _unacknowledged = 0
    _changed_on_loop = None

    def __init__(self, channel, frame, body):
        self._channel = channel
        self._frame = frame
        self._body = body
        #: the id of its frames
        self.request_id = frame["id"]
        #: whether it was sent ahead, and starts with a permit only (ahead.py)
        self.ahead = frame.get("ahead") is True
        # For headers that are written by hand, for speed.
        self._id_text = _quoted(self.request_id)

    def run(self, instance_loop, listen, handler, identity, events):
        """Calls the handler and sends its result.

        `instance_loop` has the loop for awaitables, `listen` starts the reading of frames, `events` finds tasks in events.
        Raises SystemExit and KeyboardInterrupt, which end the process (yandex.md F-33); other errors are the answer.
        """
        self._instance_loop = instance_loop
        self._listen = listen
        try:
            event = self._first_argument()
            if self._frame["mode"] == "raw":
                handler = events.find_route(event) or handler
            result = handle_event(handler, event, Context(identity, self._frame))
            if type(result) in _PLAIN:
                return self._return(result)
            if is_awaitable(result):
                result = self._on_loop(self._await(result))
            if is_generator(result):
                self._stream(result)
            elif is_async_generator(result):
                self._on_loop(self._stream_async(result))
            else:
                self._return(result)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # CancelledError and GeneratorExit are the function's errors, too
            self._end({"type": "threw", "error": to_user_error(error)})

    def cancel(self):
        """Cancels a coroutine, closes a generator (yandex.md C-6, K-13)."""
        with self._change:
            self._cancelled = True
            self._change.notify()
        self._on_loop_soon(self._cancel_task)

    def credit(self, count):
        """Opens the window by `count` bytes, whose chunks have left for the client."""
        with self._change:
            self._unacknowledged -= count
            self._change.notify()
        self._on_loop_soon(self._wake_on_loop)

    # Before the start there is no loop, and the function may have closed it.
    def _on_loop_soon(self, action):
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(action)
        except RuntimeError:
            pass

    # yandex.md M-6 to M-8
    def _first_argument(self):
        if self._frame["mode"] == "http":
            return from_parts(self._body, self._frame.get("text"))
        try:
            text = self._body.decode()
        except UnicodeDecodeError:
            return self._body
        try:
            return parse_json(text) if text else ""
        except (ValueError, RecursionError):
            return text

    # Errors are caught on the loop, so that the stack trace has no frames of asyncio.
    def _on_loop(self, coroutine):
        self._loop = self._instance_loop.get()
        outcome = self._loop.run_until_complete(self._settle(coroutine))
        if isinstance(outcome, _Raised):
            raise outcome.error
        return outcome

    async def _settle(self, coroutine):
        import asyncio

        self._task = asyncio.current_task()
        if self._cancelled:
            self._acknowledge()
        try:
            return await coroutine
        except BaseException as error:
            return _Raised(error)
        finally:
            self._task = None

    async def _await(self, awaitable):
        if self._cancelled:
            awaitable = _cancelled_before_start(awaitable)
        return await _OnLoop.handle_event(awaitable)

    def _cancel_task(self):
        if self._task is not None:
            self._task.cancel()
            self._acknowledge()

    # jobs.md CTL-3: sent by the thread of the handler, so not for a handler that blocks.
    def _acknowledge(self):
        if not self._acknowledged:
            self._acknowledged = True
            self._channel.send({"type": "cancelling", "id": self.request_id})

    def _wake_on_loop(self):
        if self._changed_on_loop is not None:
            self._changed_on_loop.set()

    def _return(self, value):
        if self._frame["mode"] == "http":
            body, text, size = handle_event(to_parts, value)
        else:
            body, text = handle_event(to_json, value), None
            size = len(body)
        if size > self._frame["responseLimit"]:
            self._end({"type": "oversized", "size": size})
        elif text is None:
            flush_output()
            self._channel.send(f'{{"type":"returned","id":{self._id_text}}}', body)
        else:
            self._end({"type": "returned", "text": len(text)}, body + text)

    def _stream(self, generator):
        try:
            while self._may_go_on():
                try:
                    value = handle_event(next, generator)
                except StopIteration:
                    break
                self._send_chunk(value)
            if self._cancelled:
                self._acknowledge()
        finally:
            generator.close()
        self._end({"type": "ended"})

    async def _stream_async(self, generator):
        import asyncio

        self._changed_on_loop = asyncio.Event()
        started = not self._cancelled
        try:
            while started:
                while self._unacknowledged >= CHUNK_WINDOW:
                    self._listen()
                    self._changed_on_loop.clear()
                    await self._changed_on_loop.wait()
                try:
                    value = await _OnLoop.handle_event(generator.__anext__())
                except StopAsyncIteration:
                    break
                self._send_chunk(value)
                await asyncio.sleep(0)  # lets a cancellation in, also when the generator never waits
        except asyncio.CancelledError:
            if not self._cancelled:
                raise
        finally:
            await generator.aclose()
        self._end({"type": "ended"})

    # PROTOCOL.md, promise 4
    def _may_go_on(self):
        if self._unacknowledged >= CHUNK_WINDOW:
            self._listen()
            with self._change:
                self._change.wait_for(lambda: self._cancelled or self._unacknowledged < CHUNK_WINDOW)
        return not self._cancelled

    def _send_chunk(self, value):
        kind, body = handle_event(to_chunk, value)
        with self._change:
            self._unacknowledged += len(body) + CHUNK_OVERHEAD
        self._channel.send(f'{{"type":"chunk","id":{self._id_text},"kind":"{kind}"}}', body)

    def _end(self, header, body=b""):
        flush_output()
        self._channel.send({**header, "id": self.request_id}, body)


def handle_event(step, *arguments):
    """The runtime's frame at the start of every stack trace (yandex.md F-32)."""
    return step(*arguments)


class _OnLoop:
    @staticmethod
    async def handle_event(awaitable):
        return await awaitable


class _Raised:
    def __init__(self, error):
        self.error = error


# As asyncio does with a task that is cancelled before its first step.
async def _cancelled_before_start(awaitable):
    from asyncio import CancelledError

    if hasattr(awaitable, "close"):
        awaitable.close()
    raise CancelledError


# Values that are neither awaited nor iterated.
_PLAIN = frozenset((dict, list, str, int, float, bool, type(None)))
