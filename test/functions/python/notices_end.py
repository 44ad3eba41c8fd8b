"""Writes the name of each signal that it is sent to the file that the caller names, and leaves."""

import os
import signal
import sys
import time


def listen(wish):
    def notice(number, frame):
        with open(wish["file"], "a") as file:
            file.write(signal.Signals(number).name)
        sys.exit(0)

    signal.signal(signal.SIGTERM, notice)
    signal.signal(signal.SIGINT, notice)


def handler(wish, context):
    listen(wish)
    return os.getpid()


def busy(wish, context):
    listen(wish)
    open(wish["began"], "w").close()
    while not os.path.exists(wish["go"]):
        time.sleep(0.005)
    return "finished"
