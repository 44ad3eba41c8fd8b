"""Takes and gives bodies of any size."""


def length(payload, context):
    return len(payload)


def text(event, context):
    return "x" * event["length"]


def mirror(event, context):
    return {
        "statusCode": 200,
        "headers": {"Content-Type": event["headers"]["Content-Type"]},
        "body": event["body"],
        "isBase64Encoded": event["isBase64Encoded"],
    }
