"""How many jobs a program wants to run at a time (jobs.md W-13). Owns the current number."""

from .modules.rp_logger import RunPodLogger


class Concurrency:
    """Asks the program's `concurrency_modifier`, if it has one."""

    def __init__(self, modifier):
        self._modifier = modifier
        self._current = 1
        self._complained = False

    def ask(self):
        """The number that applies from now on; None where the program leaves it to the container."""
        if self._modifier is None:
            return None
        try:
            wanted = self._modifier(self._current)
        except Exception as error:
            self._complain(f"raised {error!r}")
        else:
            if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted >= 1:
                self._current = wanted
            else:
                self._complain(f"gave {wanted!r}, which is no whole number above 0")
        return self._current

    def _complain(self, what):
        if not self._complained:
            _log.warn(f"concurrency_modifier {what}; concurrency stays {self._current}")
        self._complained = True


_log = RunPodLogger()
