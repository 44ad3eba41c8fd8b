"""Writes much to its output right before it returns."""

import sys


def handler(lines, context):
    for _ in range(lines):
        print("x" * 1000)
    print("end of errors", file=sys.stderr)
    sys.stdout.write("end of output\n")
    return "printed"
