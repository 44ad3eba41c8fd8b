"""runpod.serverless (jobs.md §10.2, §10.7). Everything below it is the module of that name in fnbox_serverless."""

import importlib

from fnbox_serverless import VERSION as runpod_version
from fnbox_serverless.aliases import show_below
from fnbox_serverless.modules.rp_progress import progress_update
from fnbox_serverless.starting import register_fitness_check, start
from fnbox_serverless.utils.rp_volume_cache import VolumeCache

__all__ = ["start", "progress_update", "register_fitness_check", "runpod_version", "VolumeCache"]

show_below(__name__, "fnbox_serverless")


def __getattr__(name):
    if name in ("modules", "utils"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
