from zappa.asynchronous import run, get_async_response

def expensive_computation(n):
    """Compute factorial asynchronously."""
    import math
    return math.factorial(n)

# Run without decorator (function must be importable)
response = run(expensive_computation, 1000)

# Check response later
result = get_async_response(response.response_id)
print(f"1000! = {result}")
