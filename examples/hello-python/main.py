import json
import time


def handler(event, context):
    """The whole HTTP request is in `event`; what is returned is the whole answer."""
    name = event["queryStringParameters"].get("name", "World")
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(
            {
                "message": f"Hello, {name}!",
                "method": event["httpMethod"],
                "requestId": context.request_id,
                "remainingMs": context.get_remaining_time_in_millis(),
            }
        ),
    }


def countdown(event, context):
    """A generator streams: each value leaves when it is yielded."""
    for left in range(3, 0, -1):
        yield f"{left}\n"
        time.sleep(0.3)
    yield "lift-off\n"
