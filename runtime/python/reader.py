"""Decides who reads the channel, and when.

- Between calls the main thread reads: a short call is read, run and answered without another thread.
- While the main thread runs a call, no thread reads at first. A call that still runs after a tick or two is long: a second
  thread starts to read `cancel`, `credit`, `recall` and the end of the channel. `listen` starts it at once.
- The second thread stops with the first frame after the end of the call for which it started.

Each reads whole frames. Between calls nothing ticks. Owns the turn to read, and the calls that were read and not started.
"""

import queue
import threading
from collections import deque


class Reader:
    """Gives the main thread its calls.

    `read` reads one frame and gives the call in it, or None. `may_start` decides whether a call runs, in the order of
    the calls, and never beside a `recall`. A call that may not start is dropped.
    """

    def __init__(self, read, may_start):
        self._read = read
        self._may_start = may_start
        # Guards all below. Not a Condition: its waits use names of threading that a function may replace.
        self._lock = threading.Lock()
        self._waiting = deque()
        self._runs = False
        self._started = 0
        self._thread_reads = False
        self._thread_reads_for = 0
        self._thread_sleeps = False
        self._main_wakes = queue.SimpleQueue()
        self._thread_wakes = queue.SimpleQueue()
        threading.Thread(target=self._run_thread, daemon=True).start()

    def next(self):
        """Waits for the next call. It counts as running until the main thread asks again."""
        while True:
            with self._lock:
                self._runs = False
                while self._waiting:
                    call = self._waiting.popleft()
                    if self._may_start(call):
                        self._note_start()
                        return call
                thread_reads = self._thread_reads
            if thread_reads:
                self._main_wakes.get()
                continue
            call = self._read()
            if call is not None and self._may_start(call):
                with self._lock:
                    self._note_start()
                return call

    def listen(self):
        """Starts the second thread, from the main thread while it runs a call."""
        with self._lock:
            self._thread_reads_for = self._started
            if not self._thread_reads:
                self._thread_reads = True
                self._wake_thread()

    def recall(self):
        """Drops the waiting calls that may not start, from the thread that reads."""
        with self._lock:
            self._waiting = deque(filter(self._may_start, self._waiting))

    def _note_start(self):
        self._runs = True
        self._started += 1
        if self._thread_sleeps:
            self._wake_thread()

    def _wake_thread(self):
        self._thread_sleeps = False
        self._thread_wakes.put(None)

    def _run_thread(self):
        while True:
            self._wait_for_long_call()
            while not self._pass_on(self._read()):
                pass

    def _wait_for_long_call(self):
        started = None
        while True:
            with self._lock:
                same = self._started == started
                started = self._started
                if same and self._runs and not self._thread_reads:
                    self._thread_reads = True
                    self._thread_reads_for = started
                if self._thread_reads:
                    return
                self._thread_sleeps = same
            try:
                self._thread_wakes.get(timeout=None if same else _TICK_SECONDS)
            except queue.Empty:
                pass

    # Whether the main thread reads again, after the calls that wait.
    def _pass_on(self, call):
        with self._lock:
            if call is not None:
                self._waiting.append(call)
                if not self._runs:
                    self._main_wakes.put(None)
            if self._runs:
                self._thread_reads = self._started == self._thread_reads_for
            elif call is not None:
                self._thread_reads = False
            return not self._thread_reads


# A call that runs for one or two ticks is long. The end of a tick delays a short call a little.
_TICK_SECONDS = 0.01
