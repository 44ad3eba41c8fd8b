"""The clients of RunPod's API, which are not part of these modules (jobs.md §10.7): names that say where to find them."""


class _Client:
    def __init__(self, *arguments, **named):
        raise RuntimeError(f"{type(self).__name__} is {_MISSING}")


class Endpoint(_Client):
    """Calls endpoints; here its construction raises RuntimeError, as that of all of these."""


class AsyncioEndpoint(_Client):
    """Calls endpoints asynchronously."""


class AsyncioJob(_Client):
    """Asks after a job asynchronously."""


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
