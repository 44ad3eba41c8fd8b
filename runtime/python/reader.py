"""Who reads the channel, and when.

- The main thread does while it has nothing to run: a short call is read, run and answered without another thread.
- While the main thread runs something, nobody does at first. What still runs after a tick or two is long, and the
  deputy, a thread of its own, takes the reading over: it hears `cancel`, `credit` and the end of the channel. A call that
  cannot go on without being heard asks it at once (`listen`).
- The deputy gives the reading back with the next thing that it brings the main thread, who is waiting for that.

A frame is read as a whole by one of both. Between calls nothing ticks. Owns the turn to read.
"""

import queue
import threading


class Reader:
    """`read` reads one frame and gives what it has for the main thread, None when that is nothing."""

    def __init__(self, read):
        self._read = read
        self._brought = queue.SimpleQueue()
        self._calls_for_deputy = queue.SimpleQueue()
        # Guards all below. Not a Condition: its waits use what a function may have replaced in threading.
        self._lock = threading.Lock()
        self._runs = False
        self._begun = 0
        self._deputy_reads = False
        self._deputy_sleeps = False
        threading.Thread(target=self._deputise, daemon=True).start()

    def next(self):
        """What the main thread has to run next. It is believed to run it until it comes here again."""
        with self._lock:
            self._runs = False
            deputy_reads = self._deputy_reads
        if deputy_reads or not self._brought.empty():
            found = self._brought.get()
        else:
            found = None
            while found is None:
                found = self._read()
        with self._lock:
            self._runs = True
            self._begun += 1
            if self._deputy_sleeps:
                self._wake_deputy()
        return found

    def listen(self):
        """From now on frames are read as they come. For the main thread, while it runs something."""
        with self._lock:
            if not self._deputy_reads:
                self._deputy_reads = True
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
        begun = None
        while True:
            with self._lock:
                same = self._begun == begun
                begun = self._begun
                if same and self._runs:
                    self._deputy_reads = True
                if self._deputy_reads:
                    return
                self._deputy_sleeps = same
            try:
                self._calls_for_deputy.get(timeout=None if same else _TICK_SECONDS)
            except queue.Empty:
                pass

    # Whether the main thread waits for what is brought, and so reads by itself again after it.
    def _bring(self, found):
        if found is None:
            return False
        with self._lock:
            self._brought.put(found)
            self._deputy_reads = self._runs
            return not self._runs


# What runs for one or two of these is long. Short calls now and then meet the end of one, which costs them a little.
_TICK_SECONDS = 0.01
