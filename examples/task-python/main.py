"""A call that starts a long task, and a second URL that shows how far it is and what came of it."""

import json

from zappa.asynchronous import AsyncException, get_async_response, task, update_progress


@task
def count_primes(below):
    found = 0
    for number in range(2, below):
        found += all(number % divisor for divisor in range(2, int(number**0.5) + 1))
        if number % 10_000 == 0:
            update_progress({"checked": number})
    return {"below": below, "primes": found}


def handler(event, context):
    query = event["queryStringParameters"]
    if "task" in query:
        return show(query["task"])
    response = count_primes(int(query.get("below", "100000")))
    return {"statusCode": 303, "headers": {"Location": f"?task={response.response_id}"}}


def show(task_id):
    try:
        found = get_async_response(task_id)
    except AsyncException as error:
        return reply(500, {"status": "failed", "error": str(error)})
    if found is None:
        return reply(404, {"error": "there is no such task, or its result has expired"})
    return reply(200 if found["status"] == "complete" else 202, found)


def reply(status, body):
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
