"""What a script has registered with `start` (jobs.md §10.2). Owns how many jobs it wants to run at a time (W-13)."""

from .handling import run_handler
from .modules.rp_logger import RunPodLogger


class Program:
    """The keys of `config` that have a meaning; all others are ignored."""

    def __init__(self, config, checks=(), debugger=False, input_names=("input",)):
        """Raises ValueError when there is no callable handler (jobs.md W-2)."""
        handler = config.get("handler")
        if not callable(handler):
            raise ValueError('start() needs a config with a callable "handler"')
        self.handler = handler
        self.aggregates = bool(config.get("return_aggregate_stream"))
        self.refreshes = bool(config.get("refresh_worker"))
        #: run once, in order, before the first job (jobs.md W-16)
        self.checks = checks
        #: whether the output has the measurements of rp_debugger (jobs.md §11)
        self.debugger = debugger
        self._input_names = input_names
        self._modify_concurrency = config.get("concurrency_modifier")
        self._concurrency = 1
        self._has_warned = False

    async def run(self, document, *terms):
        """Runs one job, given as its document; the terms are those of `run_handler`."""
        return await run_handler(self, self.to_job(document), *terms)

    def to_job(self, document):
        """The dict for the handler: the document, with the input under the names that the module has for it."""
        given = document.get("input")
        job = {"id": document["id"], **{name: given for name in self._input_names}}
        job.update((key, document[key]) for key in _OPTIONAL if key in document)
        return job

    def wanted_concurrency(self):
        """Asks the program's `concurrency_modifier`; None without one."""
        if self._modify_concurrency is None:
            return None
        try:
            wanted = self._modify_concurrency(self._concurrency)
        except Exception as error:
            self._warn(f"raised {error!r}")
        else:
            if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted >= 1:
                self._concurrency = wanted
            else:
                self._warn(f"gave {wanted!r}, which is no whole number above 0")
        return self._concurrency

    def _warn(self, what):
        if not self._has_warned:
            _log.warn(f"concurrency_modifier {what}; concurrency stays {self._concurrency}")
        self._has_warned = True


_OPTIONAL = ("webhook", "policy", "s3Config")

_log = RunPodLogger()
