"""A function with tasks, for the transcripts."""

from zappa.asynchronous import task


@task
def doubles(numbers):
    return [2 * each for each in numbers]


@task
async def awaits(value):
    return value


def unserialisable():
    return {1}


def raises(message):
    raise ValueError(message)


def handler(event, context):
    return {"handler": event}
