"""A function that never imports the module of tasks (tasks.md §9)."""


def f(a, b):
    return a + b


def handler(event, context):
    return {"handler": event}
