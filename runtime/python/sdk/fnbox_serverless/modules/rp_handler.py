"""The kind of a handler (jobs.md §10.7)."""

import inspect


def is_generator(handler):
    """Whether it is a generator function, plain or async. The value of a call decides how a job is treated, not this."""
    return inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler)
