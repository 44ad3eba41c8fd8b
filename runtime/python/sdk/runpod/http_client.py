"""The clients of RunPod's API by name only: their construction points to the real package (jobs.md §10.7)."""


class _Client:
    def __init__(self, *arguments, **named):
        raise RuntimeError(f"{type(self).__name__} is {_MISSING}")


Endpoint = type("Endpoint", (_Client,), {})
AsyncioEndpoint = type("AsyncioEndpoint", (_Client,), {})
AsyncioJob = type("AsyncioJob", (_Client,), {})
ClientSession = type("ClientSession", (_Client,), {})
AsyncClientSession = type("AsyncClientSession", (_Client,), {})
SyncClientSession = type("SyncClientSession", (_Client,), {})


def missing_attribute(module, name):
    """The AttributeError for what only the real package has."""
    return AttributeError(f"{module}.{name} is {_MISSING}")


_MISSING = (
    "not part of the modules that come with fnbox, which serve handlers; "
    "calling endpoints takes the real package: pip install runpod, in a program of its own"
)
