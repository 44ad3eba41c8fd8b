"""Raises an error of its own class."""


class Mishap(Exception):
    pass


def handler(event, context):
    raise Mishap("it went wrong: ä")
