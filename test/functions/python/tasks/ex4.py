from zappa.asynchronous import task, run, AsyncException, get_async_response

@task
def risky_operation(data):
    """Task that might fail."""
    if not data:
        raise ValueError("Data cannot be empty")

    # Simulate processing
    import time
    time.sleep(2)
    return f"Processed {len(data)} items"

try:
    response = run(risky_operation, [])
    result = get_async_response(response.response_id)
except AsyncException as e:
    print(f"Task failed: {e}")
