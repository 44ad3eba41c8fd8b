"""The seven options of a call (tasks.md O1 to O5), and the response object that they lead to."""

import os

from .notices import note_once
from .surroundings import public


def take_options(keywords):
    """Takes the options out of the keywords of a call (tasks.md R1)."""
    return {name: keywords.pop(name) for name in _NAMES if name in keywords}


def create_response(given):
    """The object that sends a task with the options that were given. Raises KeyError for an unknown service."""
    response_class = public("ASYNC_CLASSES")[given.get("service", "lambda")]
    if "delay_seconds" in given:
        check_delay(given["delay_seconds"])
    capture = to_capture(given)
    named = {
        "lambda_function_name": _function_name(given.get("remote_aws_lambda_function_name")),
        "aws_region": given.get("remote_aws_region") or os.environ.get("AWS_REGION"),
        "capture_response": capture != "off",
    }
    response = response_class(**named, **{name: given[name] for name in _PASSED_ON if name in given})
    if capture == "default":
        _say_nothing_was_asked(response)
    return response


def to_capture(given):
    """The mode of tasks.md O2."""
    if "capture_response" not in given:
        return "default"
    return "on" if given["capture_response"] else "off"


def check_delay(seconds):
    """Raises ValueError for what is no delay (tasks.md O4)."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= _LONGEST_DELAY:
        raise ValueError(f"delay_seconds has to be a number from 0 to {_LONGEST_DELAY}, not {seconds!r}")


# Not a keyword: programs' own classes get the three of Zappa's (tasks.md O5).
def _say_nothing_was_asked(response):
    try:
        response._capture = "default"
    except (AttributeError, TypeError):
        pass  # a class with slots, which is not one of ours


def _function_name(remote):
    own = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    if remote is not None and own is not None and remote != own:
        note_once(f"tasks for the function {remote} run in this one, {own}: there is no other here")
    return remote or own


_NAMES = (
    "service",
    "capture_response",
    "remote_aws_lambda_function_name",
    "remote_aws_region",
    "arn",
    "boto_session",
    "delay_seconds",
)
_PASSED_ON = ("arn", "boto_session", "delay_seconds")

_LONGEST_DELAY = 604_800
