"""Zappa's documented capture of responses (tasks.md Q19): its two routes as one function."""

import json

from zappa.asynchronous import get_async_response, task


@task(capture_response=True)
def longrunner(delay):
    return {"MESSAGE": f"It took {delay} seconds to generate this."}


def handler(event, context):
    query = event["queryStringParameters"]
    if "response_id" in query:
        return response(query["response_id"])
    return payload(query.get("delay", 60))


def payload(delay):
    x = longrunner(delay)
    return redirect(x.response_id, "dispatched")


def response(response_id):
    response = get_async_response(response_id)
    if response is None:
        return {"statusCode": 404, "body": "no such response"}
    if response["status"] == "complete":
        return {"statusCode": 200, "body": json.dumps(response["response"])}
    return redirect(response_id, "not yet ready")


def redirect(response_id, reason):
    headers = {"Location": f"/?response_id={response_id}", "X-Redirect-Reason": reason}
    return {"statusCode": 302, "headers": headers}
