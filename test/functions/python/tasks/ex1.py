from zappa.asynchronous import task, run, get_async_response

@task
def process_data(data, multiplier=1):
    """Process data asynchronously."""
    result = []
    for item in data:
        result.append(item * multiplier)
    return result

# Execute task asynchronously
response = run(process_data, [1, 2, 3, 4], multiplier=2)
print(f"Task ID: {response.response_id}")

# Get result later
result = get_async_response(response.response_id)
print(f"Result: {result}")
