"""Looks for a GPU without torch (jobs.md §10.7)."""

import subprocess


def is_available():
    """Whether `nvidia-smi` runs and reports a GPU."""
    try:
        return b"GPU " in subprocess.run(["nvidia-smi", "-L"], check=True, capture_output=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return False
