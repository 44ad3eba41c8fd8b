"""`handler` returns what the body says, `named` a response with one header that the query names; `seen` shows its event."""

import json


def handler(event, context):
    return json.loads(event["body"])


def named(event, context):
    query = event["queryStringParameters"]
    return {"headers": {query["name"]: query["value"]}, "body": "x"}


def seen(event, context):
    return {"body": json.dumps(event)}
