"""The functions of the test vectors: one that shows its event, one that answers what it is told, one that shows its argument."""

import json
import os

calls = 0


def echo(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}


def answers(event, context):
    return json.loads(event["body"])


def given(argument, context):
    return {"bytes": list(argument)} if isinstance(argument, bytes) else argument


def count(event, context):
    global calls
    calls += 1
    return {"statusCode": 200, "body": str(calls)}


def environment(event, context):
    return {"cwd": os.getcwd(), "env": dict(os.environ)}


def fails(event, context):
    return unknownVariable


def missing_key(event, context):
    return {}["k"]
