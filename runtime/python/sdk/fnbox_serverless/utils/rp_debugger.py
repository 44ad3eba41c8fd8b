"""Timers for parts of a handler (jobs.md §10.7). Owns the one list of checkpoints."""

import datetime
import platform
import time

from .. import VERSION


class Checkpoints:
    """Every construction gives the same object. Its methods raise KeyError for a name that does not fit."""

    _instance = None

    def __new__(cls):
        if Checkpoints._instance is None:
            Checkpoints._instance = super().__new__(cls)
            Checkpoints._instance.clear()
        return Checkpoints._instance

    def add(self, name):
        if name in self.name_lookup:
            raise KeyError(f'Checkpoint name "{name}" already exists.')
        self.name_lookup[name] = len(self.checkpoints)
        self.checkpoints.append({"name": name})

    def start(self, name):
        self._of(name).update(start=time.perf_counter(), start_utc=_now())

    def stop(self, name):
        checkpoint = self._of(name)
        if "start" not in checkpoint:
            raise KeyError("Checkpoint has not been started.")
        checkpoint.update(end=time.perf_counter(), stop_utc=_now())

    def get_checkpoints(self):
        """Those that were started and stopped, each with `duration_ms`."""
        return [
            {
                "name": each["name"],
                "start_utc": each["start_utc"],
                "stop_utc": each["stop_utc"],
                "duration_ms": (each["end"] - each["start"]) * 1000,
            }
            for each in self.checkpoints
            if "end" in each
        ]

    def clear(self):
        self.checkpoints = []
        self.name_lookup = {}

    def _of(self, name):
        if name not in self.name_lookup:
            raise KeyError(f"Checkpoint name '{name}' does not exist.")
        return self.checkpoints[self.name_lookup[name]]


class LineTimer:
    """Measures the lines of a `with` statement."""

    def __init__(self, name):
        self.checkpoints = Checkpoints()
        self.name = name
        self.checkpoints.add(name)

    def __enter__(self):
        self.checkpoints.start(self.name)
        return self

    def __exit__(self, *raised):
        self.checkpoints.stop(self.name)


class FunctionTimer:
    """Decorates a function: measures its calls under its name."""

    def __init__(self, function):
        self.function = function
        self.checkpoints = Checkpoints()

    def __call__(self, *arguments, **named):
        with LineTimer(self.function.__name__):
            return self.function(*arguments, **named)


def get_debugger_output():
    """The measurements since the last call, and the system."""
    checkpoints = Checkpoints()
    timestamps = checkpoints.get_checkpoints()
    checkpoints.clear()
    system = {
        "os": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "python_version": platform.python_version(),
        "runpod": VERSION,
    }
    return {"system_info": system, "timestamps": timestamps}


def clear_debugger_output():
    """Drops all measurements."""
    Checkpoints().clear()


def _now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()
