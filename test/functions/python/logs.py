"""Writes to its log what the caller asks for."""

import io
import logging
import os
import sys
import time

logging.basicConfig(level=logging.DEBUG, format="basicConfig %(message)s")
logging.warning("at import")


def id(wish, context):
    for each in range(wish.get("times", 3)):
        print(f"{context.request_id} says {each}")
        time.sleep(each % 3 / 1000)


def write(wish, context):
    sys.stdout.write(wish["text"])


def logs(wish, context):
    logging.warning("a %s", "warning")
    logging.info("not shown")
    logging.getLogger("mine").error("two\nlines")
    logging.getLogger("mine").warning("extra", extra={"request_id": "its own"})


def sets_level(wish, context):
    logging.getLogger().setLevel(logging.INFO)
    logging.info("shown")
    logging.getLogger().setLevel(logging.WARNING)


def own_handler(wish, context):
    logger = logging.getLogger("own")
    logger.propagate = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(request_id)s: %(message)s"))
    logger.addHandler(handler)
    logger.warning("with a format of its own")


def logs_exception(wish, context):
    try:
        raise LookupError("caught")
    except LookupError:
        logging.exception("something failed")


def captures(wish, context):
    stdout, sys.stdout = sys.stdout, io.StringIO()
    logging.warning("captured")
    sys.stdout, captured = stdout, sys.stdout
    print("captured:", captured.getvalue().endswith("\tcaptured\n"))


def throw(wish, context):
    raise LookupError("two\nlines")


def exit(wish, context):
    print("last words")
    sys.exit(3)


def flood(wish, context):
    forever = wish.get("forever")
    block = (b"x" * 10_000 + b"\n") * 10 if forever else (b"x" * 100 + b"\n") * 1000
    each = 0
    while forever or each < 400:
        each += 1
        os.write(1, block)
    print("end of the flood")


def handler(wish, context):
    globals()[wish["do"]](wish, context)
    return "done"
