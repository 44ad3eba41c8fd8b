"""`eat` starts programs that hold so many MB each, and waits; `share` forks without holding any more memory."""

import os
import subprocess
import sys
import time

script = "import sys, time; kept = b'x' * (int(sys.argv[1]) * 1024 ** 2); time.sleep(3600)"


def eat(wish, context):
    for _ in range(wish["programs"]):
        subprocess.Popen(
            [sys.executable, "-c", script, str(wish["megabytes"])],
            start_new_session=wish["detached"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    time.sleep(3600)


def share(wish, context):
    kept = b"x" * (wish["megabytes"] * 1024**2)
    for _ in range(wish["programs"]):
        if os.fork() == 0:
            time.sleep(3600)
    while not os.path.exists(wish["go"]):
        time.sleep(0.005)
    return len(kept)


def willing(wish, context):
    return int(open("/proc/self/oom_score_adj").read())
