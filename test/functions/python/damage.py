"""Damages its own process in ways that show later."""

import os
import sys
import time


def closes_output(event, context):
    os.close(1)
    os.close(2)
    time.sleep(event.get("s", 0))
    if "exit" in event:
        os._exit(event["exit"])
    return os.getpid()


def writes_garbage(event, context):
    os.write(3, b"garbage garbage garbage")
    time.sleep(3600)


def leaves_soon(event, context):
    time.sleep(event["s"])
    os._exit(1)
