"""Writes down that it runs, waits for a gate or some milliseconds, and then does what its caller asks for."""

import os
import sys
import time

kept = []


def exit(wish):
    sys.exit(3)


def loop(wish):
    while True:
        pass


def eat_memory(wish):
    while True:
        kept.append(b"x" * (8 * 1024 * 1024))


def close_channel(wish):
    os.close(3)


def handler(wish, context):
    with open(wish["runs"], "a") as runs:
        runs.write(wish["id"] + "\n")
    while "gate" in wish and not os.path.exists(wish["gate"]):
        time.sleep(0.001)
    time.sleep(wish.get("ms", 0) / 1000)
    if "deed" in wish:
        globals()[wish["deed"].replace("-", "_")](wish)
    return wish["id"]
