"""Returns a text of the wished length."""


def handler(length, context):
    return "x" * length
