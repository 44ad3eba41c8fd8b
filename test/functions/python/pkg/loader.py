"""A module in a folder, with the name of one of the runtime's own."""


def handler(event, context):
    return __name__
