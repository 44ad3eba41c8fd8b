"""What kind of handler a function is, before it is called (jobs.md §10.7)."""

import inspect


def is_generator(handler):
    """Whether it is a generator function, plain or async. A job is treated by what its call gives, not by this."""
    return inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler)
