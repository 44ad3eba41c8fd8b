"""Another name of the module snowcell (jobs.md SNO-1)."""

import sys

import snowcell
from fnbox_serverless.aliases import show_below

show_below(__name__, "snowcell")
sys.modules[__name__] = snowcell
