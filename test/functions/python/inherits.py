"""Tells which descriptors beyond the standard three a program of the function inherits."""

import subprocess


def handler(event, context):
    script = "for n in 3 4 5; do if (: <&$n) 2> /dev/null; then echo $n; fi; done"
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, close_fds=False).stdout
