"""Fitness checks (jobs.md W-16): what has to hold before an instance takes its first job. Owns the list of them."""

_checks = []


def register_fitness_check(check):
    """Decorates a function without arguments, plain or async, and gives it back unchanged. Raises TypeError."""
    if not callable(check):
        raise TypeError("a fitness check must be callable")
    _checks.append(check)
    return check


def registered_checks():
    """All checks in the order of their registration."""
    return tuple(_checks)
