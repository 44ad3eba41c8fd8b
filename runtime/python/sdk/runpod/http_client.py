"""The clients of RunPod's API by name only: their construction points to the real package (jobs.md §10.7)."""


class _Client:
    def __init__(self, *arguments, **named):
        raise RuntimeError(f"{type(self).__name__} is {_MISSING}")


class Endpoint(_Client):
    """Calls endpoints."""


class AsyncioEndpoint(_Client):
    """Calls endpoints asynchronously."""


class AsyncioJob(_Client):
    """Polls a job asynchronously."""


class ClientSession(_Client):
    """A session of the asynchronous client."""


class AsyncClientSession(_Client):
    """A session of the asynchronous client."""


class SyncClientSession(_Client):
    """A session of the synchronous client."""


def missing_attribute(module, name):
    """The AttributeError for what only the real package has."""
    return AttributeError(f"{module}.{name} is {_MISSING}")


_MISSING = (
    "not part of the modules that come with fnbox, which serve handlers; "
    "calling endpoints takes the real package: pip install runpod, in a program of its own"
)
