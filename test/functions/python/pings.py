"""Returns the id of its caller, after as long as the caller wants."""

import time


def handler(wish, context):
    time.sleep(wish["ms"] / 1000)
    return {"id": wish["id"]}
