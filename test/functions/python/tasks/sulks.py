"""A module that cannot be imported when it is tried for the first time (tasks.md L5)."""

import os

tried = f"{__file__}.tried"

if not os.path.exists(tried):
    open(tried, "w").close()
    import no_such_module_at_all


def f():
    return "loaded"
