"""Returns or yields a value that JSON cannot hold."""

cycle = {}
cycle["cycle"] = cycle


async def handler(event, context):
    return cycle


def not_a_number(event, context):
    return float("nan")


def stream(event, context):
    yield "first"
    yield cycle
