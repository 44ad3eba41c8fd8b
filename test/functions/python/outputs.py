"""Writes its input to both streams in every way: as the language does, to the descriptors, and by a program."""

import os
import subprocess
import sys


def handler(name, context):
    print(name, "prints", flush=True)
    print(name, "prints", file=sys.stderr)
    for descriptor in 1, 2:
        os.write(descriptor, f"{name} writes\n".encode())
    subprocess.run(["sh", "-c", f"echo {name} runs; echo {name} runs >&2"])
    print(name, "ends", end="")
    print(name, "ends", end="", file=sys.stderr)
    return name
