"""Closes its standard output, puts a file in its place, or makes it non-blocking."""

import os
import tempfile


def handler(wish, context):
    if wish == "closes":
        os.close(1)
    elif wish == "closes errors":
        os.close(2)
    elif wish == "opens":
        descriptor, path = tempfile.mkstemp()
        assert descriptor == 1
        os.write(1, b"of the function")
        os.unlink(path)
    elif wish == "file":
        return os.pread(1, 1000, 0).decode()
    elif wish == "does not block":
        os.set_blocking(1, False)
