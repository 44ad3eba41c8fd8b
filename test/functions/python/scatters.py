"""Forks processes into sessions of their own, then ends by a signal; dispatches a task."""

import os
import signal
import time

from zappa.asynchronous import task


def handler(event, context):
    pids = []
    for _ in range(event["processes"]):
        pid = os.fork()
        if pid == 0:
            os.setsid()
            time.sleep(120)
            os._exit(0)
        pids.append(pid)
    with open(event["file"], "w") as file:
        file.write(" ".join(map(str, pids)))
    os.kill(os.getpid(), signal.SIGKILL)


@task
def returns_one():
    return 1


def dispatches(event, context):
    try:
        return returns_one().response_id
    except Exception as error:
        return {"refused": str(error)}
