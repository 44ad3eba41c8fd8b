"""What a script has registered with `start` (jobs.md §10.2)."""

from .concurrency import Concurrency
from .handling import run_handler


class Program:
    """The parts of `config` that have a meaning; all others are ignored."""

    def __init__(self, config, checks=(), debugger=False, input_names=("input",)):
        """Raises ValueError when there is no callable handler (jobs.md W-2)."""
        handler = config.get("handler")
        if not callable(handler):
            raise ValueError('start() needs a config with a callable "handler"')
        self.handler = handler
        self.aggregates = bool(config.get("return_aggregate_stream"))
        self.refreshes = bool(config.get("refresh_worker"))
        self.concurrency = Concurrency(config.get("concurrency_modifier"))
        #: run once, in order, before the first job (jobs.md W-16)
        self.checks = checks
        #: whether what rp_debugger has measured is part of the output (jobs.md §11)
        self.debugger = debugger
        self._input_names = input_names

    async def run(self, document, *terms):
        """Runs one job, given as its document; the terms are those of `run_handler`."""
        return await run_handler(self, self.to_job(document), *terms)

    def to_job(self, document):
        """The dict that the handler gets: as it was sent, the input under the names that the module has for it."""
        given = document.get("input")
        job = {"id": document["id"], **{name: given for name in self._input_names}}
        job.update((key, document[key]) for key in _OPTIONAL if key in document)
        return job


_OPTIONAL = ("webhook", "policy", "s3Config")
