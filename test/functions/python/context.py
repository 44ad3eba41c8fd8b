"""A module with the name of one of the runtime's own; returns its context."""


def handler(event, context):
    return dict(vars(context))
