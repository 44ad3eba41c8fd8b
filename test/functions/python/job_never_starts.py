"""A script that fails to serve (jobs.md W-2); the argument says how."""

import sys

import runpod

how = sys.argv[1]
if how == "raises":
    raise ValueError("not today")
if how == "no handler":
    runpod.serverless.start({})
if how == "not callable":
    runpod.serverless.start({"handler": "handler"})
if how == "leaves":
    sys.exit(5)
