"""Closes or replaces its standard streams."""

import io
import sys


def handler(event, context):
    if event == "replace":
        sys.stdout = io.StringIO()
    else:
        sys.stdout.close()
        sys.stderr = None
    return event
