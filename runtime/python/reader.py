"""Who reads the channel, and when.

- The main thread does while it has nothing to run: a short call is read, run and answered without another thread.
- While the main thread runs something, no thread reads at first. What still runs after a tick or two is long, and the
  deputy, a thread of its own, starts to read: it gets `cancel`, `credit`, `recall` and the end of the channel. A call that
  cannot go on without them asks the deputy at once (`listen`).
- The deputy stops reading with the first frame after the end of the call for which it started.

One of both reads a whole frame. Between calls nothing ticks. Owns the turn to read, and the calls that have been read and
not started.
"""

import queue
import threading
from collections import deque


class Reader:
    """Hands the main thread what it runs.

    `read` reads one frame and gives the call in it, None when it has none. `may_start` decides whether a call runs; it is
    asked in the order of the calls, and no `recall` is read meanwhile. One that may not is forgotten.
    """

    def __init__(self, read, may_start):
        self._read = read
        self._may_start = may_start
        # Guards all below. Not a Condition: its waits use what a function may have replaced in threading.
        self._lock = threading.Lock()
        self._waiting = deque()
        self._runs = False
        self._started = 0
        self._deputy_reads = False
        self._deputy_reads_for = 0
        self._deputy_sleeps = False
        self._calls_for_main = queue.SimpleQueue()
        self._calls_for_deputy = queue.SimpleQueue()
        threading.Thread(target=self._deputise, daemon=True).start()

    def next(self):
        """What the main thread runs next. It counts as running until the main thread comes here again."""
        while True:
            with self._lock:
                self._runs = False
                while self._waiting:
                    call = self._waiting.popleft()
                    if self._may_start(call):
                        self._note_start()
                        return call
                deputy_reads = self._deputy_reads
            if deputy_reads:
                self._calls_for_main.get()
                continue
            call = self._read()
            if call is not None and self._may_start(call):
                with self._lock:
                    self._note_start()
                return call

    def listen(self):
        """From now on frames are read as they come. For the main thread, while it runs something."""
        with self._lock:
            self._deputy_reads_for = self._started
            if not self._deputy_reads:
                self._deputy_reads = True
                self._wake_deputy()

    def recall(self):
        """Forgets the calls that wait and may not start. For the thread that reads."""
        with self._lock:
            self._waiting = deque(filter(self._may_start, self._waiting))

    def _note_start(self):
        self._runs = True
        self._started += 1
        if self._deputy_sleeps:
            self._wake_deputy()

    def _wake_deputy(self):
        self._deputy_sleeps = False
        self._calls_for_deputy.put(None)

    def _deputise(self):
        while True:
            self._wait_until_needed()
            while not self._bring(self._read()):
                pass

    def _wait_until_needed(self):
        started = None
        while True:
            with self._lock:
                same = self._started == started
                started = self._started
                if same and self._runs and not self._deputy_reads:
                    self._deputy_reads = True
                    self._deputy_reads_for = started
                if self._deputy_reads:
                    return
                self._deputy_sleeps = same
            try:
                self._calls_for_deputy.get(timeout=None if same else _TICK_SECONDS)
            except queue.Empty:
                pass

    # Whether the main thread reads by itself again, once it has run what waits.
    def _bring(self, call):
        with self._lock:
            if call is not None:
                self._waiting.append(call)
                if not self._runs:
                    self._calls_for_main.put(None)
            if self._runs:
                self._deputy_reads = self._started == self._deputy_reads_for
            elif call is not None:
                self._deputy_reads = False
            return not self._deputy_reads


# What runs for one or two of these is long. Short calls now and then meet the end of one, which costs them a little.
_TICK_SECONDS = 0.01
