"""snowcell.serverless (jobs.md SNO-3, SNO-4). Everything below it is the module of that name in fnbox_serverless."""

import importlib

from fnbox_serverless import starting
from fnbox_serverless.aliases import show_below
from fnbox_serverless.modules.rp_progress import progress_update
from fnbox_serverless.starting import register_fitness_check
from fnbox_serverless.utils.rp_volume_cache import VolumeCache

__all__ = ["start", "progress_update", "register_fitness_check", "VolumeCache"]

show_below(__name__, "fnbox_serverless")
for _each in ("modules", "utils"):
    importlib.import_module(f"{__name__}.{_each}")


def start(config):
    """Like `runpod.serverless.start`; the job also has its input as `input_data`."""
    starting.start(config, ("input", "input_data"))
