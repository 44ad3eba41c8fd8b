"""The function as fnbox runs it."""

import json

import work


def hello(event, context):
    answer = json.dumps(work.hello(json.loads(event["body"])))
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": answer}


def ticks(event, context):
    yield from work.ticks(json.loads(event["body"]))
