import snowcell
import asyncio


async def async_handler(job):
    input_data = job["input_data"]
    # Simulate asynchronous processing
    for step in range(5):
        await asyncio.sleep(2) # Simulate an async task like API interaction or long computation
        yield f"Async result for step {step} of job: {input_data}"


# Configure and start the serverless function
snowcell_sdk.serverless.start(
    {
        "handler": async_handler, # Required: Async function that handles the job
        "return_aggregate_stream": True, # Optional: Enable aggregated results for regular endpoints
    }
)
