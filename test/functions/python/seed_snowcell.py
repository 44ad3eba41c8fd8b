import snowcell


def generator_handler(job):
    task_data = job["input_data"]
    for part in range(5):
        # Perform a step-by-step operation, streaming results as they become available.
        yield f"Processing part {part} of task: {task_data}"


snowcell.serverless.start(
    {
        "handler": generator_handler, # Required: Defines the generator function to be executed.
        "return_aggregate_stream": True # Optional: Enables outputs to be available at multiple endpoints.
    }
)
