"""What the modules runpod and snowcell share (jobs.md §10 to §12). Files below `utils` and `modules` have RunPod's names."""

import sys

#: The version of RunPod's SDK that these modules are compatible with (jobs.md W-5).
VERSION = "1.12.0"


def find_host():
    """The instance's script, with `serve(program)` and `progress(job_id, text)`; None outside fnbox."""
    runtime = sys.modules.get("_fnbox.script")
    return None if runtime is None else runtime.running()
