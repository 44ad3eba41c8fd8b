"""Handlers that are no plain functions."""


class Callable:
    def __call__(self, event, context):
        return "callable"

    def method(self, event, context):
        return "method"

    @classmethod
    def of_class(cls, event, context):
        return "class method"


called = Callable()
method = called.method
of_class = Callable.of_class
