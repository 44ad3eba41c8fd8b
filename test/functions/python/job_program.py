"""A script that looks at how it is run (jobs.md W-1, W-3, W-5)."""

import os
import sys

import runpod
import counts  # a sibling

config = {}


def handler(job):
    main = sys.modules["__main__"]
    if job["input"] == "path":
        return sys.path
    return {
        "name": __name__,
        "file": __file__,
        "main": main.__file__,
        "same": main.handler is handler,
        "argv": sys.argv,
        "cwd": os.getcwd(),
        "sibling": counts.__name__,
        "args": config["rp_args"],
        "version": [runpod.__version__, runpod.serverless.runpod_version, runpod.__fnbox__],
        "runpod": [each for each in os.environ if each.startswith("RUNPOD_")],
    }


if __name__ == "__main__":
    config["handler"] = handler
    runpod.serverless.start(config)
