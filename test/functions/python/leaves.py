"""Leaves the process, in the wished way, also with a thread that would keep it alive."""

import sys
import threading
import time


def handler(event, context):
    if event.get("thread"):
        threading.Thread(target=time.sleep, args=(3600,)).start()
    if event["with"] == "interrupt":
        raise KeyboardInterrupt
    print("last words")
    sys.exit(event["with"])


async def asynchronous(event, context):
    handler(event, context)
