"""Does what the caller asks for, however bad; without a wish it answers with its process id."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

kept = []


def throw(wish):
    raise LookupError("thrown at once")


def throw_later(wish):
    def later():
        raise LookupError("thrown later")

    thread = threading.Thread(target=later)
    thread.start()
    thread.join()
    return "a thread's exception is not the handler's"


async def reject_unhandled(wish):
    async def nobody_awaits():
        raise LookupError("nobody awaits this")

    task = asyncio.ensure_future(nobody_awaits())
    await asyncio.sleep(0.01)
    del task
    return "a task's exception is not the handler's"


def exit(wish):
    sys.exit(3)


def kill_self(wish):
    os.kill(os.getpid(), signal.SIGKILL)


def loop(wish):
    while True:
        pass


async def await_forever(wish):
    await asyncio.get_running_loop().create_future()


def eat_memory(wish):
    while True:
        kept.append(b"x" * (8 * 1024 * 1024))


def flood(wish):
    for line in range(10_000):
        print("line", line, "x" * 100)
    return "flooded"


def close_descriptors(wish):
    time.sleep(0.1)  # by then the channel is read by a thread, which keeps it open
    os.closerange(3, 64)
    time.sleep(3600)


def close_output(wish):
    os.close(1)
    os.close(2)
    return "closed"


def reply_late(wish):
    until = time.time() + wish["ms"] / 1000
    while time.time() < until:
        pass
    return "too late"


def grandchild(wish):
    script = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "time.sleep(3600)"
    )
    path = wish["pidFile"]
    subprocess.Popen(
        [sys.executable, "-c", script, path], start_new_session=wish["detached"], stdout=subprocess.DEVNULL
    )
    while not (os.path.exists(path) and os.path.getsize(path) > 0):
        time.sleep(0.005)
    return "left a grandchild"


def handler(wish, context):
    deed = globals().get(wish["do"].replace("-", "_")) if isinstance(wish, dict) and "do" in wish else None
    return {"pid": os.getpid()} if deed is None else deed(wish)
