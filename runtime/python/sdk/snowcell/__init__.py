"""Snowcell's module as fnbox offers it (jobs.md §12); snowcell_sdk is another name of it."""

import builtins
import sys

from fnbox_serverless import VERSION as __version__
from fnbox_serverless.modules.rp_logger import RunPodLogger

from . import serverless

__fnbox__ = True

# A documented program imports `snowcell` and then calls `snowcell_sdk` (SNO-2). What a program defines itself comes first.
builtins.snowcell_sdk = sys.modules[__name__]
