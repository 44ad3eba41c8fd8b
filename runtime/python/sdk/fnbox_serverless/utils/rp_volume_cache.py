"""Mirrors folders on a network volume (jobs.md §10.7): files are copied one by one, in both directions."""

import atexit
import os
import shutil
import threading

from ..modules.rp_logger import RunPodLogger


class VolumeCache:
    """`with` copies from the volume at its start, and to the volume at its end.

    Does nothing without a volume or a namespace (`RUNPOD_ENDPOINT_ID`). Logs failures, or raises them when `best_effort`
    is False. Raises ValueError for a namespace that is no plain name.
    """

    def __init__(self, dirs, *, namespace=None, volume_path="/runpod-volume", best_effort=True):
        self._folders = [os.path.realpath(os.fspath(each)) for each in dirs]
        self._volume = os.fspath(volume_path)
        self._namespace = namespace or os.environ.get("RUNPOD_ENDPOINT_ID") or ""
        if self._namespace in (".", "..") or "/" in self._namespace or "\\" in self._namespace:
            raise ValueError(f"namespace must be a plain name, got {self._namespace!r}")
        self._mirror = os.path.join(self._volume, ".cache", self._namespace)
        self._best_effort = best_effort

    @property
    def available(self):
        return bool(self._namespace) and os.path.isdir(self._volume)

    def hydrate(self):
        """Copies files that are missing or older here; gives their number."""
        return self._guarded(self._hydrate)

    def sync(self, *, background=True):
        """Copies files that are missing or older on the volume, and removes those that are deleted here.

        The end of the process waits a while for a copy in the background.
        """
        if not background:
            self._guarded(self._sync)
        elif self.available:
            thread = threading.Thread(target=self._guarded, args=(self._sync,), daemon=True)
            thread.start()
            atexit.register(thread.join, _EXIT_TIMEOUT_SECONDS)

    def __enter__(self):
        self.hydrate()
        return self

    def __exit__(self, *raised):
        self.sync()

    def _guarded(self, copy):
        if not self.available:
            return 0
        try:
            return copy()
        except Exception as error:
            if not self._best_effort:
                raise
            _log.warn(f"VolumeCache: {error!r}")
            return 0

    def _hydrate(self):
        return sum(_copy(source, target) for source, target in self._mirrored())

    def _sync(self):
        for source, target in list(self._mirrored()):
            if not os.path.exists(target):
                os.remove(source)
        files = (each for folder in self._folders for each in _files_below(folder))
        return sum(_copy(each, os.path.join(self._mirror, os.path.relpath(each, "/"))) for each in files)

    # Pairs of a file in the mirror and its place in one of the folders.
    def _mirrored(self):
        for source in _files_below(self._mirror):
            target = os.path.join("/", os.path.relpath(source, self._mirror))
            if any(os.path.realpath(target).startswith(folder + os.sep) for folder in self._folders):
                yield source, target


def _files_below(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            file = os.path.join(path, name)
            if not name.endswith((".lock", _UNFINISHED)) and not os.path.islink(file):
                yield file


def _copy(source, target):
    if not _is_newer(source, target):
        return 0
    unfinished = f"{target}.{os.getpid()}.{threading.get_ident()}{_UNFINISHED}"
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        shutil.copy2(source, unfinished)
        os.replace(unfinished, target)
    except BaseException:
        if os.path.exists(unfinished):
            os.remove(unfinished)
        raise
    return 1


def _is_newer(source, target):
    if not os.path.exists(target):
        return True
    ours, theirs = os.stat(source), os.stat(target)
    return ours.st_size != theirs.st_size or ours.st_mtime > theirs.st_mtime + _COARSENESS_SECONDS


_UNFINISHED = ".fnbox.tmp"

# Network file systems keep times this coarsely.
_COARSENESS_SECONDS = 2

_EXIT_TIMEOUT_SECONDS = 30

_log = RunPodLogger()
