import humanize


def handler(event, context):
    """GET /?bytes=123456789 says how much that is."""
    size = event["queryStringParameters"].get("bytes", "0")
    if not size.isdigit():
        return {"statusCode": 400, "body": "bytes must be a whole number\n"}
    return {"statusCode": 200, "body": humanize.naturalsize(int(size)) + "\n"}
